"""Fit the ranking and the scope on the messages to learn from.

Runs when the index is built on a knowledge base that the wheel does not carry heads for: half a minute on 2 cores.
"""

# The library behind this module has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.triage.heads import HEAD_SCALE, SCOPES, Floats, Heads, Linear, TaughtHead
from bot.triage.lessons import Lesson, encoded_lessons
from bot.triage.terms import Terms, characters, words

CONTRAST_WEIGHT = 2.0
MINIMUM_DOCUMENTS = 2
BARRIER_C, TERMS_C, SCOPE_C = 3.0, 10.0, 3.0

UNTAUGHT = 3.0
"""Added to the bias of a barrier that the encoder was not taught: the mean of a few lessons is less near to a message
about it than a learnt centroid is. Chosen on barriers that were left out (`python -m bot.training leave-out`)."""
TOLERANCE = 1e-3
"""Of the gradient: with a tenth of it the same messages are ranked the same, after twice the time."""

Labelled = Sequence[tuple[int, str, float]]
"""The row of a lesson, what it speaks for, and how much that counts."""


def fit(
    lessons: Sequence[Lesson], themes_of: Mapping[str, str], vectors: Floats, taught: TaughtHead | None = None
) -> Heads:
    """Fit on `lessons`; `vectors` are those of `encoded_lessons(lessons)`, shape (lessons, dimensions).

    `themes_of` maps each barrier to its theme. `taught` is the head that the encoder was trained with; a barrier that
    it does not know, or an encoder without one, gets the mean of its lessons.
    """
    barriers, themes = tuple(sorted(themes_of)), tuple(sorted(set(themes_of.values())))
    encoded = encoded_lessons(lessons)
    by_barrier = [
        (row, barrier, share * lesson.weight) for row, lesson in enumerate(encoded) for barrier, share in lesson.shares
    ]
    inside = [lesson for lesson in lessons if lesson.theme]
    by_theme = [each for row, lesson in enumerate(inside) for each in _themes(row, lesson, themes_of)]
    blocks = (_vectorizer(words), _vectorizer(characters))
    inside_terms = csr_matrix(hstack([block.fit_transform([lesson.text for lesson in inside]) for block in blocks]))
    by_scope = [(row, lesson.scope, 1.0) for row, lesson in enumerate(encoded)]
    encoded_terms = csr_matrix(hstack([block.transform([lesson.text for lesson in encoded]) for block in blocks]))
    return Heads(
        barriers=barriers,
        themes=themes,
        theme_of=np.array([themes.index(themes_of[barrier]) for barrier in barriers]),
        own_head=_own_head(barriers, by_barrier, vectors, taught),
        barrier_regression=_as_usual(
            _regression(vectors, by_barrier, barriers, BARRIER_C), by_barrier, barriers, taught
        ),
        terms=_terms(*blocks),
        theme_terms=_regression(inside_terms, by_theme, themes, TERMS_C),
        scope_regression=_regression(vectors, by_scope, SCOPES, SCOPE_C, balanced=True),
        scope_terms=_regression(encoded_terms, by_scope, SCOPES, TERMS_C, balanced=True),
    )


def _themes(row: int, lesson: Lesson, themes_of: Mapping[str, str]) -> Labelled:
    if not lesson.shares:
        return [(row, lesson.theme or "", CONTRAST_WEIGHT)]
    shares: dict[str, float] = {}
    for barrier, share in lesson.shares:
        shares[themes_of[barrier]] = shares.get(themes_of[barrier], 0.0) + share
    return [(row, theme, share * lesson.weight) for theme, share in shares.items()]


def _vectorizer(analyzer: Callable[[str], Iterable[str]]) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=analyzer,  # pyright: ignore[reportArgumentType] - its annotation forgets callables
        sublinear_tf=True,
        min_df=MINIMUM_DOCUMENTS,
        dtype=np.float32,  # pyright: ignore[reportArgumentType] - its annotation knows float64 only
    )


def _terms(word_terms: TfidfVectorizer, character_terms: TfidfVectorizer) -> Terms:
    names = [*word_terms.get_feature_names_out(), *character_terms.get_feature_names_out()]
    idf = np.concatenate([word_terms.idf_, character_terms.idf_]).astype(np.float32)
    return Terms({name: column for column, name in enumerate(names)}, idf)


def _regression(
    features: Floats | csr_matrix, labelled: Labelled, classes: Sequence[str], c: float, *, balanced: bool = False
) -> Linear:
    """A lesson that speaks for several classes is there once for each, with its weight."""
    rows, names, weights = zip(*labelled, strict=True)
    column = {name: place for place, name in enumerate(classes)}
    model = LogisticRegression(C=c, tol=TOLERANCE, max_iter=500, class_weight="balanced" if balanced else None)
    model.fit(features[list(rows)], [column[name] for name in names], sample_weight=weights)
    kind = np.float16 if isinstance(features, csr_matrix) else np.float32
    return Linear(
        np.ascontiguousarray(np.asarray(model.coef_).T.astype(kind)), np.asarray(model.intercept_, dtype=np.float32)
    )


def _own_head(barriers: Sequence[str], by_barrier: Labelled, vectors: Floats, taught: TaughtHead | None) -> Linear:
    weights = HEAD_SCALE * _centroids(barriers, by_barrier, vectors).T
    bias = np.zeros(len(barriers), dtype=np.float32)
    if taught is not None:
        bias[:] = taught.linear.bias.mean() + UNTAUGHT
        for column, barrier in enumerate(taught.barriers):
            if barrier in barriers:
                place = barriers.index(barrier)
                weights[:, place], bias[place] = taught.linear.weights[:, column], taught.linear.bias[column]
    return Linear(np.ascontiguousarray(weights.astype(np.float32)), bias)


def _as_usual(regression: Linear, by_barrier: Labelled, barriers: Sequence[str], taught: TaughtHead | None) -> Linear:
    """As if a barrier that the encoder was not taught had as many lessons as others have.

    Few lessons say that it is new, not that it is rare: the intercept is corrected for the prior (King & Zeng, Logistic
    Regression in Rare Events Data, Political Analysis 2001).
    """
    if taught is None:
        return regression
    weight = dict.fromkeys(barriers, 0.0)
    for _, barrier, share in by_barrier:
        weight[barrier] += share
    usual = float(np.mean(list(weight.values())))
    new = [0.0 if barrier in taught.barriers else np.log(usual / weight[barrier]) for barrier in barriers]
    return Linear(regression.weights, (regression.bias + np.array(new)).astype(np.float32))


def _centroids(barriers: Sequence[str], by_barrier: Labelled, vectors: Floats) -> Floats:
    sums = np.zeros((len(barriers), vectors.shape[1]))
    column = {barrier: place for place, barrier in enumerate(barriers)}
    for row, barrier, weight in by_barrier:
        sums[column[barrier]] += weight * vectors[row]
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)
