from __future__ import annotations

from typing import Any

import pytest

from bot.evaluation import Labelled, Report, measure
from bot.evaluation.measures import Pair
from bot.outcomes import BatchOutcome

DIMENSION_OF = {"slow": "organisational", "people": "organisational", "data": "technical", "value": "business"}


def pair(
    scope: str,
    themes: list[tuple[str, float]],
    action: str = "answer",
    theme: str | None = None,
    also: tuple[str, ...] = (),
    barriers: tuple[str, ...] = (),
    ranked: tuple[tuple[str, float], ...] = (),
    options: tuple[str, ...] = (),
    sureness: str | None = None,
) -> Pair:
    """`barriers` are the first and the others that are accepted; `ranked` and `options` are the outcome's."""
    labels = {"theme": theme, "also": also, "barriers": barriers[:1], "also_barriers": barriers[1:]}
    labelled = Labelled.model_validate({"id": "m", "text": "text", "scope": scope} | labels)
    first = DIMENSION_OF[themes[0][0]]
    outcome: dict[str, Any] = {
        "id": "m",
        "action": action,
        "kind": None,
        "sureness": sureness,
        "options": options,
        "confidence": 0.5,
        "dimensions": [{"id": first, "score": 0.8}],
        "themes": [{"id": id, "score": score} for id, score in themes],
        "barriers": [{"id": id, "score": score, "theme": "slow", "dimension": first} for id, score in ranked],
        "question": None,
        "citations": [],
        "index_version": 1,
    }
    return labelled, BatchOutcome.model_validate(outcome)


PAIRS = [
    pair("in", [("slow", 0.9), ("data", 0.1)], theme="slow"),
    pair("in", [("people", 0.6), ("slow", 0.4)], theme="slow", also=("people",)),
    pair("in", [("value", 0.8), ("people", 0.1), ("slow", 0.1)], "clarify", theme="slow"),
    pair("in", [("value", 0.4), ("slow", 0.3), ("people", 0.2), ("data", 0.1)], "decline", theme="data"),
    pair("vague", [("slow", 0.9)], "clarify"),
    pair("vague", [("slow", 0.9)]),
    pair("vague", [("slow", 0.9)], "shortlist"),
    pair("about", [("slow", 0.9)], "decline"),
    pair("out_near", [("slow", 0.9)], "decline"),
    pair("out_far", [("slow", 0.9)], "decline"),
    pair("out_far", [("slow", 0.9)], "clarify"),
    pair("out_far", [("slow", 0.9)], "answer"),
    pair("out_far", [("slow", 0.9)], "decline"),
]


@pytest.fixture(scope="module")
def report() -> Report:
    return measure(PAIRS, DIMENSION_OF)


@pytest.mark.parametrize(
    ("name", "value", "n"),
    [
        ("dimension@1", 2 / 4, 4),
        ("theme@1", 2 / 4, 4),
        ("theme@1 strict", 1 / 4, 4),
        ("theme@3", 3 / 4, 4),
        ("in scope: kept", 3 / 4, 4),
        ("in scope: answered", 2 / 4, 4),
        ("near declined", 1, 1),
        ("far declined", 2 / 4, 4),
        ("in scope: listed", 0, 4),
        ("in scope: asked back", 1 / 4, 4),
        ("about the bot: declined", 1, 1),
        ("vague: asked or listed", 2 / 3, 3),
    ],
)
def test_shares(report: Report, name: str, value: float, n: int):
    found = next(m for m in report.measures if m.name == name)
    assert (found.value, found.n) == (pytest.approx(value), n)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= value <= found.high <= 1


def test_themes_and_what_they_are_taken_for(report: Report):
    assert [(row.theme, row.n, row.at_1, row.at_3) for row in report.themes] == [
        ("data", 1, 0.0, 0.0),
        ("slow", 3, pytest.approx(2 / 3), 1.0),
    ]
    assert report.confusion == {"data": {"value": 1}, "slow": {"slow": 2, "value": 1}}


def test_reliability_is_told_by_what_was_said(report: Report):
    rows = [(row.low, row.high, row.n, row.confidence, row.right) for row in report.reliability]
    assert rows == [
        (0.3, 0.5, 1, pytest.approx(0.4), 0.0),
        (0.5, 0.7, 1, pytest.approx(0.6), 1.0),
        (0.7, 0.85, 1, pytest.approx(0.8), 0.0),
        (0.85, 1.0, 1, pytest.approx(0.9), 1.0),
    ]


def test_full_certainty_is_in_the_last_row():
    report = measure([pair("in", [("slow", 1.0)], theme="slow")], DIMENSION_OF)
    assert [(row.low, row.n) for row in report.reliability] == [(0.85, 1)]


def test_a_group_without_messages_has_no_share():
    report = measure([pair("vague", [("slow", 0.9)], "clarify")], DIMENSION_OF)
    empty = {m.name: (m.value, m.low, m.high, m.n) for m in report.measures if m.name != "vague: asked or listed"}
    assert set(empty.values()) == {(None, None, None, 0)}
    assert (report.themes, report.confusion, report.reliability) == ([], {}, [])


def test_nothing_to_measure():
    assert measure([], DIMENSION_OF).messages == 0


def test_the_interval_narrows_with_more_messages():
    widths = []
    for times in (1, 20):
        share = next(m for m in measure(PAIRS * times, DIMENSION_OF).measures if m.name == "theme@1")
        assert share.low is not None
        assert share.high is not None
        widths.append(share.high - share.low)
    assert widths[1] < widths[0] / 3


def test_the_same_outcomes_have_the_same_intervals(report: Report):
    assert measure(PAIRS, DIMENSION_OF) == report


A, B, C = ("A", 0.7), ("B", 0.2), ("C", 0.1)
ONE = [("slow", 1.0)]
BY_BARRIER = [
    pair("in", ONE, theme="slow", barriers=("A",), ranked=(A, B, C), options=("B",), sureness="quite sure"),
    pair("in", ONE, theme="slow", barriers=("X", "A"), ranked=(A, B, C), sureness="fairly sure"),
    pair("in", ONE, theme="slow", barriers=("C",), ranked=(A, B, C), options=("B", "C"), sureness="fairly sure"),
    pair("in", ONE, "clarify", theme="slow", barriers=("A",), ranked=(A, B, C)),
    pair("in", ONE, "shortlist", theme="slow", barriers=("B",), ranked=(A, B, C), options=("A", "B")),
    pair("in", ONE, "shortlist", theme="slow", barriers=("A",), ranked=(A, B, C), options=("B", "C")),
    pair("in", ONE, theme="slow", ranked=(A, B, C)),
]


@pytest.mark.parametrize(
    ("name", "value", "n"),
    [
        ("barrier@1", 4 / 6, 6),
        ("barrier@1 strict", 3 / 6, 6),
        ("barrier@3", 6 / 6, 6),
        ("barrier@5", 6 / 6, 6),
        ("within one tap", 4 / 6, 6),
        ("quite sure: right", 1 / 1, 1),
        ("fairly sure: right", 1 / 2, 2),
        ("full answers that are wrong", 1 / 3, 3),
    ],
)
def test_barriers_are_judged_where_they_are_labelled(name: str, value: float, n: int):
    found = next(each for each in measure(BY_BARRIER, DIMENSION_OF).measures if each.name == name)
    assert (found.value, found.n) == (pytest.approx(value), n)


def test_reliability_of_the_barriers_probability():
    (row,) = measure(BY_BARRIER, DIMENSION_OF).barrier_reliability
    assert (row.low, row.n, row.confidence, row.right) == (0.6, 6, pytest.approx(0.7), pytest.approx(4 / 6))


def test_outcomes_without_barriers_are_never_right():
    report = measure([pair("in", [("slow", 1.0)], theme="slow", barriers=("A",))], DIMENSION_OF)
    assert next(each.value for each in report.measures if each.name == "barrier@1 strict") == 0
    assert report.barrier_reliability == []
