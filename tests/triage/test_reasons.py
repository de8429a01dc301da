from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.triage.reasons import MAX_CLAUSES, MAX_SHARE, SPEAKS_FOR, Clause, clauses, strongest

WORDY = st.lists(
    st.sampled_from("we wait and but because. , ; — ! models never ship – (really) so 😤 \n don't who".split(" ")),
    max_size=60,
).map(" ".join)


@given(text=st.one_of(WORDY, st.text(max_size=120)))
@example("a, b, c, d, e, f, g, h, i, j, k, l")
@example("word " * 400)
@example(" \n ")
@example("we wait for it. " * 30)
def test_clauses_are_few_short_and_word_for_word(text: str):
    found = clauses(text)
    assert len(found) <= MAX_CLAUSES
    for clause in found:
        phrase = clause.of(text)
        assert phrase in text
        assert len(phrase.split()) >= 2 or len(phrase) > 4
        assert len(phrase) <= MAX_SHARE * len(text)
        assert not phrase.lower().startswith(("and ", "but ", "because ", "so "))
    assert len(set(found)) == len(found)
    assert all(first.end <= second.start for first, second in zip(found, found[1:], strict=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("monitoring", [], id="one word"),
        pytest.param("nobody owns our feature store", [], id="one clause: it is all that was said"),
        pytest.param(
            "Releases wait for weeks, because nobody may approve them",
            ["Releases wait for weeks", "nobody may approve them"],
            id="a conjunction goes",
        ),
        pytest.param(
            "he copies a txt from his laptop, we pinned gpt-4 v1.2, and it broke everything else",
            ["he copies a txt from his laptop", "we pinned gpt-4 v1.2", "it broke everything else"],
            id="a dot or dash in a word is no end",
        ),
        pytest.param(
            "We use Kubernetes, Airflow and MLflow. None of us can run them, honestly",
            ["We use Kubernetes, Airflow and MLflow", "None of us can run them, honestly"],
            id="a list of things is one clause",
        ),
        pytest.param(
            "we wait (three whole weeks!) - then it breaks. Again: nobody knows why",
            ["we wait (three whole weeks", "it breaks. Again", "nobody knows why"],
            id="what is too short goes with its neighbour",
        ),
        pytest.param(
            "legal signs each release, we wait for weeks, and the model is stale by then",
            ["legal signs each release", "we wait for weeks", "the model is stale by then"],
            id="commas before a subject",
        ),
    ],
)
def test_clauses_of(text: str, expected: list[str]):
    assert [clause.of(text) for clause in clauses(text)] == expected


FIRST, SECOND = Clause(0, 4), Clause(5, 9)


def logs(*probabilities: float) -> np.ndarray:
    return np.log(np.array(probabilities))


@pytest.mark.parametrize(
    ("alone", "expected"),
    [
        pytest.param((0.3, 0.6), SECOND, id="what says it most clearly"),
        pytest.param((0.5, 0.5), FIRST, id="as clearly: the earlier"),
        pytest.param((0.05, SPEAKS_FOR * 0.8 - 0.01), None, id="none speaks for it"),
    ],
)
def test_the_strongest_says_it_by_itself(alone: tuple[float, float], expected: Clause | None):
    each = [logs(p, 1 - p) for p in alone]
    assert strongest((FIRST, SECOND), logs(0.8, 0.2), each, 0) == expected


def test_of_no_clauses_none_is_strongest():
    assert strongest((), logs(0.8, 0.2), [], 0) is None
