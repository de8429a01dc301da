from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.triage.reasons import MAX_CLAUSES, MAX_SHARE, Clause, clauses, strongest

WORDY = st.lists(
    st.sampled_from("we wait and but because. , ; — ! models never ship – (really) so 😤 \n don't who".split(" ")),
    max_size=60,
).map(" ".join)


@given(text=st.one_of(WORDY, st.text(max_size=120)))
@example("a, b, c, d, e, f, g, h, i, j, k, l")
@example("word " * 400)
@example(" \n ")
def test_clauses_are_few_short_and_word_for_word(text: str):
    found = clauses(text)
    assert len(found) <= MAX_CLAUSES
    for clause in found:
        phrase = clause.of(text)
        assert phrase.strip()
        assert phrase in text
        assert any(character.isalnum() or character == "_" for character in phrase)
        assert len(phrase) <= MAX_SHARE * len(text)
        assert clause.removed_from(text) == f"{text[: clause.start]} {text[clause.end :]}".strip()
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("monitoring", [], id="one word"),
        pytest.param("😤 !!!", [], id="no words"),
        pytest.param("deployment hurts", ["hurts"], id="two words, one too long"),
        pytest.param(
            "Releases wait for weeks, because nobody may approve them",
            ["Releases wait for weeks", "because nobody may approve them"],
            id="comma and conjunction",
        ),
        pytest.param(
            "we wait (three weeks!) - then it breaks. Again: nobody knows",
            ["we wait", "three weeks", "then it breaks", "Again", "nobody knows"],
            id="punctuation",
        ),
        pytest.param(
            "the warehouse is slow today and always",
            ["and always", "the warehouse is", "slow today and", "the warehouse", "is slow", "today and"],
            id="one clause too long: runs of words as well",
        ),
        pytest.param(
            "nobody owns our feature store",
            ["nobody owns", "our feature", "nobody", "owns", "our", "feature"],
            id="no clause: runs of words",
        ),
    ],
)
def test_clauses_of(text: str, expected: list[str]):
    found = [clause.of(text) for clause in clauses(text)]
    assert [phrase for phrase in found if phrase in expected] == expected


def test_neighbours_are_joined_where_there_are_few():
    text = "approval is slow, tests are slow, and reviews are very slow indeed here"
    assert "approval is slow, tests are slow" in [clause.of(text) for clause in clauses(text)]


def test_nothing_of_a_long_message_is_left_out():
    text = ". ".join(f"trouble number {number} is here" for number in range(20))
    found = clauses(text)
    assert len(found) == MAX_CLAUSES
    assert (found[0].start, found[-1].end) == (0, len(text))


FIRST, SECOND = Clause(0, 4), Clause(5, 9)


@pytest.mark.parametrize(
    ("whole", "without", "expected"),
    [
        pytest.param(-1.0, [-1.5, -3.0], SECOND, id="the larger drop"),
        pytest.param(-1.0, [-2.0, -2.0], FIRST, id="as large: the earlier"),
        pytest.param(-1.0, [-0.5, -1.0], None, id="none drops"),
    ],
)
def test_the_strongest_is_what_the_barrier_misses_most(whole: float, without: list[float], expected: Clause | None):
    assert strongest((FIRST, SECOND), whole, without) == expected


def test_of_no_clauses_none_is_strongest():
    assert strongest((), -1.0, []) is None


def test_a_drop_is_wanted_for_each_clause():
    with pytest.raises(ValueError):
        strongest((FIRST, SECOND), -1.0, [-2.0])
