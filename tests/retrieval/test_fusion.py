from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.retrieval.hits import Hit, Origin, fuse


def ranking(names: str, origin: Origin) -> list[Hit]:
    """A hit a letter, best first."""
    return [Hit(name, "card", name, f"text {name}", 1 / place, origin) for place, name in enumerate(names, start=1)]


@pytest.mark.parametrize(
    ("vectors", "lexical", "fused"),
    [
        pytest.param("", "", "", id="nothing"),
        pytest.param("abc", "", "abc", id="vectors alone"),
        pytest.param("", "abc", "abc", id="words alone"),
        pytest.param("ab", "cd", "acbd", id="equal places by name"),
        pytest.param("abc", "xyc", "caxby", id="both beat one"),
        pytest.param("ab", "ba", "ab", id="swapped"),
        pytest.param("abcd", "dcba", "adbc", id="turned round"),
    ],
)
def test_two_rankings_become_one(vectors: str, lexical: str, fused: str):
    hits = fuse(ranking(vectors, "vectors"), ranking(lexical, "lexical"), 10)
    assert "".join(hit.id for hit in hits) == fused


def test_a_hit_says_which_ranking_it_came_from():
    hits = fuse(ranking("ab", "vectors"), ranking("bc", "lexical"), 10)
    assert {hit.id: hit.origin for hit in hits} == {"a": "vectors", "b": "both", "c": "lexical"}


def test_the_score_is_the_sum_of_reciprocal_ranks():
    (hit,) = fuse(ranking("a", "vectors"), ranking("xa", "lexical"), 1)
    assert hit.score == pytest.approx(1 / 61 + 1 / 62)
    assert (hit.id, hit.text) == ("a", "text a")


NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True).map("".join)


@given(NAMES, NAMES, st.integers(0, 10))
def test_each_record_comes_once_and_best_first(vectors: str, lexical: str, limit: int):
    hits = fuse(ranking(vectors, "vectors"), ranking(lexical, "lexical"), limit)
    assert len(hits) == min(limit, len({*vectors, *lexical}))
    assert len({hit.id for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@given(NAMES, NAMES)
def test_the_scale_of_the_scores_does_not_matter(vectors: str, lexical: str):
    louder = [
        Hit(hit.id, hit.kind, hit.barrier, hit.text, hit.score * 100, "lexical") for hit in ranking(lexical, "lexical")
    ]
    assert fuse(ranking(vectors, "vectors"), louder, 10) == fuse(
        ranking(vectors, "vectors"), ranking(lexical, "lexical"), 10
    )
