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

from bot.triage.heads import SCOPES, Floats, Heads, Linear
from bot.triage.lessons import Lesson, of_barriers, of_scope
from bot.triage.terms import Terms, characters, words

CONTRAST_WEIGHT = 2.0
MINIMUM_DOCUMENTS = 2
BARRIER_C, TERMS_C, SCOPE_C = 3.0, 10.0, 3.0


def fit(
    lessons: Sequence[Lesson], themes_of: Mapping[str, str], ranking_vectors: Floats, record_vectors: Floats
) -> Heads:
    """Fit on `lessons`; `ranking_vectors` are those of `of_barriers(lessons)`, `record_vectors` of `of_scope(lessons)`.

    Vectors have the shape (lessons, dimensions); `themes_of` maps each barrier to its theme. Scope is judged on the
    records' encoder: the ranking's was trained on messages in scope alone and has unlearnt part of the difference.
    """
    barriers, themes = tuple(sorted(themes_of)), tuple(sorted(set(themes_of.values())))
    inside = [lesson for lesson in lessons if lesson.theme]
    barrier_classes = [barriers.index(lesson.barrier or "") for lesson in of_barriers(lessons)]
    scope_lessons = of_scope(lessons)

    word_terms = _vectorizer(words).fit([lesson.text for lesson in inside])
    character_terms = _vectorizer(characters).fit([lesson.text for lesson in inside])

    def terms_of(taught: Sequence[Lesson]) -> csr_matrix:
        texts = [lesson.text for lesson in taught]
        return csr_matrix(hstack([word_terms.transform(texts), character_terms.transform(texts)]))

    return Heads(
        barriers=barriers,
        themes=themes,
        theme_of=np.array([themes.index(themes_of[barrier]) for barrier in barriers]),
        barrier_regression=_regression(ranking_vectors, barrier_classes, BARRIER_C),
        centroids=_centroids(ranking_vectors, np.array(barrier_classes), len(barriers)),
        terms=_terms(word_terms, character_terms),
        theme_terms=_regression(
            terms_of(inside),
            [themes.index(lesson.theme or "") for lesson in inside],
            TERMS_C,
            weights=[1.0 if lesson.barrier else CONTRAST_WEIGHT for lesson in inside],
        ),
        scope_regression=_regression(record_vectors, _scopes(scope_lessons), SCOPE_C, balanced=True),
        scope_terms=_regression(terms_of(scope_lessons), _scopes(scope_lessons), TERMS_C, balanced=True),
    )


def _scopes(lessons: Sequence[Lesson]) -> list[int]:
    return [SCOPES.index(lesson.scope) for lesson in lessons]


def _vectorizer(analyzer: Callable[[str], Iterable[str]]) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=analyzer,  # pyright: ignore[reportArgumentType] - its annotation forgets callables
        sublinear_tf=True,
        min_df=MINIMUM_DOCUMENTS,
    )


def _terms(word_terms: TfidfVectorizer, character_terms: TfidfVectorizer) -> Terms:
    names = [*word_terms.get_feature_names_out(), *character_terms.get_feature_names_out()]
    idf = np.concatenate([word_terms.idf_, character_terms.idf_]).astype(np.float32)
    return Terms({name: column for column, name in enumerate(names)}, idf)


def _regression(
    features: Floats | csr_matrix,
    classes: Sequence[int],
    c: float,
    *,
    weights: Sequence[float] | None = None,
    balanced: bool = False,
) -> Linear:
    model = LogisticRegression(C=c, max_iter=500, class_weight="balanced" if balanced else None)
    model.fit(features, classes, sample_weight=weights)
    kind = np.float16 if isinstance(features, csr_matrix) else np.float32
    return Linear(
        np.ascontiguousarray(np.asarray(model.coef_).T.astype(kind)), np.asarray(model.intercept_, dtype=np.float32)
    )


def _centroids(vectors: Floats, classes: np.ndarray, count: int) -> Floats:
    means = np.stack([vectors[classes == barrier].mean(axis=0) for barrier in range(count)])
    return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
