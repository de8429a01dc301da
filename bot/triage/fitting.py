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

from bot.triage.heads import HEAD_SCALE, SCOPES, Floats, Heads, Linear, TrainedHead
from bot.triage.terms import Terms, characters, words
from bot.triage.training_examples import TrainingExample, encoded_examples

CONTRAST_WEIGHT = 2.0
MINIMUM_DOCUMENTS = 2
BARRIER_C, TERMS_C, SCOPE_C = 3.0, 10.0, 3.0

UNTRAINED = 3.0
"""Added to the bias of a barrier that the encoder was not trained: the mean of a few examples is less near to a message
about it than a learnt centroid is. Chosen on barriers that were left out (`python -m bot.training leave-out`)."""
TOLERANCE = 1e-3
"""Of the gradient: with a tenth of it the same messages are ranked the same, after twice the time."""

Labelled = Sequence[tuple[int, str, float]]
"""The row of a example, what it speaks for, and how much that counts."""


def fit(
    examples: Sequence[TrainingExample],
    themes_of: Mapping[str, str],
    vectors: Floats,
    trained: TrainedHead | None = None,
) -> Heads:
    """Fit on `examples`; `vectors` are those of `encoded_examples(examples)`, shape (examples, dimensions).

    `themes_of` maps each barrier to its theme. `trained` is the head that the encoder was trained with; a barrier that
    it does not know, or an encoder without one, gets the mean of its examples.
    """
    barriers, themes = tuple(sorted(themes_of)), tuple(sorted(set(themes_of.values())))
    encoded = encoded_examples(examples)
    by_barrier = [
        (row, barrier, share * example.weight)
        for row, example in enumerate(encoded)
        for barrier, share in example.shares
    ]
    inside = [example for example in examples if example.theme]
    by_theme = [each for row, example in enumerate(inside) for each in _themes(row, example, themes_of)]
    blocks = (_vectorizer(words), _vectorizer(characters))
    inside_terms = csr_matrix(hstack([block.fit_transform([example.text for example in inside]) for block in blocks]))
    by_scope = [(row, example.scope, 1.0) for row, example in enumerate(encoded)]
    encoded_terms = csr_matrix(hstack([block.transform([example.text for example in encoded]) for block in blocks]))
    return Heads(
        barriers=barriers,
        themes=themes,
        theme_of=np.array([themes.index(themes_of[barrier]) for barrier in barriers]),
        own_head=_own_head(barriers, by_barrier, vectors, trained),
        barrier_regression=_as_usual(
            _regression(vectors, by_barrier, barriers, BARRIER_C), by_barrier, barriers, trained
        ),
        terms=_terms(*blocks),
        theme_terms=_regression(inside_terms, by_theme, themes, TERMS_C),
        scope_regression=_regression(vectors, by_scope, SCOPES, SCOPE_C, balanced=True),
        scope_terms=_regression(encoded_terms, by_scope, SCOPES, TERMS_C, balanced=True),
    )


def _themes(row: int, example: TrainingExample, themes_of: Mapping[str, str]) -> Labelled:
    if not example.shares:
        return [(row, example.theme or "", CONTRAST_WEIGHT)]
    shares: dict[str, float] = {}
    for barrier, share in example.shares:
        shares[themes_of[barrier]] = shares.get(themes_of[barrier], 0.0) + share
    return [(row, theme, share * example.weight) for theme, share in shares.items()]


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
    """Fit one: an example that speaks for several classes is there once for each, with its weight."""
    rows, names, weights = zip(*labelled, strict=True)
    column = {name: place for place, name in enumerate(classes)}
    model = LogisticRegression(C=c, tol=TOLERANCE, max_iter=500, class_weight="balanced" if balanced else None)
    model.fit(features[list(rows)], [column[name] for name in names], sample_weight=weights)
    kind = np.float16 if isinstance(features, csr_matrix) else np.float32
    return Linear(
        np.ascontiguousarray(np.asarray(model.coef_).T.astype(kind)), np.asarray(model.intercept_, dtype=np.float32)
    )


def _own_head(barriers: Sequence[str], by_barrier: Labelled, vectors: Floats, trained: TrainedHead | None) -> Linear:
    weights = HEAD_SCALE * _centroids(barriers, by_barrier, vectors).T
    bias = np.zeros(len(barriers), dtype=np.float32)
    if trained is not None:
        bias[:] = trained.linear.bias.mean() + UNTRAINED
        for column, barrier in enumerate(trained.barriers):
            if barrier in barriers:
                place = barriers.index(barrier)
                weights[:, place], bias[place] = trained.linear.weights[:, column], trained.linear.bias[column]
    return Linear(np.ascontiguousarray(weights.astype(np.float32)), bias)


def _as_usual(regression: Linear, by_barrier: Labelled, barriers: Sequence[str], trained: TrainedHead | None) -> Linear:
    """Score as if a barrier that the encoder was not trained on had as many examples as others have.

    Few examples say that it is new, not that it is rare: the intercept is corrected for the prior (King & Zeng,
    Logistic Regression in Rare Events Data, Political Analysis 2001).
    """
    if trained is None:
        return regression
    weight = dict.fromkeys(barriers, 0.0)
    for _, barrier, share in by_barrier:
        weight[barrier] += share
    usual = float(np.mean(list(weight.values())))
    new = [0.0 if barrier in trained.barriers else np.log(usual / weight[barrier]) for barrier in barriers]
    return Linear(regression.weights, (regression.bias + np.array(new)).astype(np.float32))


def _centroids(barriers: Sequence[str], by_barrier: Labelled, vectors: Floats) -> Floats:
    sums = np.zeros((len(barriers), vectors.shape[1]))
    column = {barrier: place for place, barrier in enumerate(barriers)}
    for row, barrier, weight in by_barrier:
        sums[column[barrier]] += weight * vectors[row]
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)
