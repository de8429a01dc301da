from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from bot.training import choose
from bot.triage.decision import Weighed
from bot.triage.thresholds import FILE, load_thresholds

SETS = [Path("tests/eval/dev.jsonl"), Path("tests/eval/border.jsonl")]


def weighed(beyond: Iterable[float] = (), meant: Iterable[float] = ()) -> list[Weighed]:
    return [Weighed(beyond=each, vague=0.0, meant=0.0) for each in beyond] or [
        Weighed(beyond=0.0, vague=0.0, meant=each) for each in meant
    ]


def test_the_middle_of_the_widest_good_run_is_taken() -> None:
    thresholds = np.linspace(0, 1, 11)
    worths = {0.1: 1.0, 0.4: 0.99, 0.5: 1.0, 0.6: 0.99}
    assert choose._middle_of_best(thresholds, lambda threshold: worths.get(round(threshold, 1), 0.0)) == 0.5


def test_a_bold_ranking_that_is_often_wrong_is_toned_down() -> None:
    logs = [np.log(np.array([0.69, 0.31]))] * 20
    assert choose._temperature(logs, np.arange(20) % 2 == 0) == pytest.approx(choose.TEMPERATURES.max())


def test_a_timid_ranking_that_is_always_right_is_made_bolder() -> None:
    logs = [np.log(np.array([0.6, 0.4]))] * 20
    assert choose._temperature(logs, np.ones(20, dtype=bool)) == pytest.approx(choose.TEMPERATURES.min())


def test_the_decline_bound_lies_between_the_kinds_and_each_set_counts_as_much() -> None:
    labels = np.array(["in"] * 5 + ["vague"] * 5 + ["out_near"] * 5)
    beyond = np.array([0.2] * 10 + [0.75] * 5)
    assert 0.35 < choose._decline_at(weighed(beyond=beyond), labels, np.zeros(15, dtype=int)) < 0.75
    border = np.array(["in"] * 2 + ["out_near"] * 2)
    both = np.concatenate([beyond, [0.6, 0.6, 0.85, 0.85]])
    sets = np.repeat([0, 1], [15, 4])
    assert 0.6 < choose._decline_at(weighed(beyond=both), np.concatenate([labels, border]), sets) < 0.75


@pytest.mark.parametrize("wanted", [0.9, 0.65])
def test_what_is_called_sure_is_right_as_often_as_wanted(wanted: float) -> None:
    said = np.linspace(0.05, 0.97, 400)
    right = np.random.default_rng(0).random(400) < said
    expected = choose._expected(said, right)
    np.testing.assert_allclose(expected, said, atol=0.12)
    named = weighed(meant=said)
    chosen = choose._surest(choose.RAW, "quite sure", named, expected, right, wanted, of_all=wanted)
    called = np.array([each.sureness(chosen) == "quite sure" for each in named])
    assert right[called].mean() == pytest.approx(wanted, abs=0.07)
    never = choose._surest(choose.RAW, "quite sure", named, expected, ~right & right, wanted, of_all=wanted)
    assert never.quite_sure_at == 1.0


def test_of_all_that_is_answered_enough_is_to_be_right() -> None:
    said = np.linspace(0.05, 0.97, 400)
    right = np.ones(400, dtype=bool)
    quite = choose.RAW.model_copy(update={"quite_sure_at": 0.9, "fairly_sure_at": 0.9})
    lenient, strict = (
        choose._surest(quite, "fairly sure", weighed(meant=said), said, right, 0.5, of_all=of_all)
        for of_all in (0.5, 0.8)
    )
    assert said[said >= strict.fairly_sure_at].mean() >= 0.8
    assert lenient.fairly_sure_at < strict.fairly_sure_at <= strict.quite_sure_at == 0.9


def test_choosing_again_gives_the_shipped_thresholds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "FILE", tmp_path / "thresholds.json")
    choose.choose_thresholds(SETS)
    chosen, shipped = load_thresholds(tmp_path / "thresholds.json"), load_thresholds(FILE)
    assert chosen.chosen_on == shipped.chosen_on
    for name in ("temperature", "decline_at", "quite_sure_at", "fairly_sure_at"):
        assert getattr(chosen, name) == pytest.approx(getattr(shipped, name), abs=0.05), name
