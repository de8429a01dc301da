from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.triage.reasons import MAX_CLAUSES, MAX_SHARE, Clause, clauses, speaking

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
            ["we wait (three whole weeks!)", "Again: nobody knows why"],
            id="what is too short is no clause",
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
        pytest.param(
            [(0.5, 0.1), (0.6, 0.1)], [SECOND, None], id="what says it most clearly; the other speaks for none"
        ),
        pytest.param([(0.5, 0.3), (0.5, 0.3)], [FIRST, SECOND], id="as clearly: the earlier, and each for one barrier"),
        pytest.param([(0.1, 0.6), (0.6, 0.1)], [SECOND, FIRST], id="each for its own"),
        pytest.param([(0.1, 0.05), (0.1, 0.05)], [None, None], id="none speaks for them"),
    ],
)
def test_a_clause_speaks_for_the_barrier_that_it_says_by_itself(alone, expected):
    whole = logs(0.5, 0.4, 0.1)
    each = [logs(*said, 1 - sum(said)) for said in alone]
    assert speaking((FIRST, SECOND), whole, each, [0, 1]) == expected


def test_of_no_clauses_none_speaks():
    assert speaking((), logs(0.8, 0.2), [], [0, 1]) == [None, None]
