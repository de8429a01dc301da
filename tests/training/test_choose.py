from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.evaluation import Labelled
from bot.training import choose
from bot.triage.bounds import FILE, load_bounds

DEV = Path("tests/eval/dev.jsonl")


def test_the_middle_of_the_widest_good_run_is_taken() -> None:
    bounds = np.linspace(0, 1, 11)
    worths = {0.1: 1.0, 0.4: 0.99, 0.5: 1.0, 0.6: 0.99}
    assert choose._middle_of_best(bounds, lambda bound: worths.get(round(bound, 1), 0.0)) == 0.5


def test_a_bold_ranking_that_is_often_wrong_is_toned_down() -> None:
    logs = np.log(np.tile([0.69, 0.31], (20, 1)))
    labelled = [_message("a" if row % 2 else "b") for row in range(20)]
    assert choose._temperature(logs, labelled, ("a", "b")) == pytest.approx(1.2)


def test_a_timid_ranking_that_is_always_right_is_made_bolder() -> None:
    logs = np.log(np.tile([0.6, 0.4], (20, 1)))
    assert choose._temperature(logs, [_message("a")] * 20, ("a", "b")) == pytest.approx(0.5)


def test_decline_and_clarify_bounds_lie_between_the_kinds() -> None:
    labels = np.array(["in"] * 5 + ["vague"] * 5 + ["out_near"] * 5)
    assert 0.35 < choose._decline_at(np.array([0.2] * 10 + [0.75] * 5), labels) < 0.75
    assert 0.2 < choose._clarify_at(np.array([0.2] * 5 + [0.7] * 5 + [0.5] * 5), labels) < 0.7


def test_choosing_again_gives_the_shipped_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "FILE", tmp_path / "bounds.json")
    choose.choose_bounds(DEV)
    chosen, shipped = load_bounds(tmp_path / "bounds.json"), load_bounds(FILE)
    assert chosen.chosen_on == shipped.chosen_on
    assert chosen.decline_at == pytest.approx(shipped.decline_at, abs=0.05)
    assert chosen.clarify_at == pytest.approx(shipped.clarify_at, abs=0.05)


def _message(theme: str) -> Labelled:
    return Labelled(id="1", text="x", scope="in", theme=theme)
