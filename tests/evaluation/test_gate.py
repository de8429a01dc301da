from __future__ import annotations

from typing import Any

import pytest

from bot.bot import Bot
from bot.evaluation import Labelled, Verdict, gate_sets, judge, read_labelled
from bot.evaluation.gate import HIGHER, LOWER, TOLERANCE, compare
from bot.evaluation.measures import measure
from bot.knowledge import Knowledge
from bot.outcomes import BatchOutcome

SLOW, MONEY = "slow-processes", "cost-and-budget"
RIGHT, WRONG = "ORG-08", "ORG-09"


@pytest.fixture
def knowledge(bot: Bot) -> Knowledge:
    return bot.version.knowledge


def labelled(number: int, **more: Any) -> Labelled:
    wanted = {"scope": "in", "theme": SLOW, "barriers": [RIGHT]} | more
    return Labelled.model_validate({"id": f"m{number}", "text": f"message {number}"} | wanted)


def outcome(barrier: str = RIGHT, action: str = "answer", theme: str = SLOW, options: tuple[str, ...] = ()):
    return BatchOutcome.model_validate(
        {
            "id": "m", "action": action, "kind": "far" if action == "decline" else None, "sureness": "quite sure",
            "options": options, "confidence": 0.9, "question": None, "citations": [], "index_version": 1,
            "dimensions": [{"id": "organisational", "score": 0.9}], "themes": [{"id": theme, "score": 0.9}],
            "barriers": [{"id": barrier, "score": 0.9, "theme": theme, "dimension": "organisational"}],
        }
    )  # fmt: skip


def verdict(knowledge: Knowledge, messages: int, wrong_before: int, wrong_after: int) -> Verdict:
    """Of so many messages, so many are answered with a wrong barrier before and after."""
    items = [labelled(number) for number in range(messages)]
    answers = [
        [outcome(WRONG if place < wrong else RIGHT) for place in range(messages)]
        for wrong in (wrong_before, wrong_after)
    ]
    return compare(items, answers[0], answers[1], knowledge)


def test_what_is_as_good_holds(knowledge: Knowledge):
    same = verdict(knowledge, 20, 5, 5)
    assert (same.holds, same.losses, same.changed) == (True, (), ())


def test_one_message_of_few_may_be_lost_and_a_second_may_not(knowledge: Knowledge):
    assert verdict(knowledge, 20, 5, 6).holds
    lost = verdict(knowledge, 20, 5, 7)
    assert not lost.holds
    what = {loss.what: loss for loss in lost.losses}
    assert what.keys() >= {"barrier@1", "full answers that are wrong"}
    assert (what["barrier@1"].before, what["barrier@1"].after, what["barrier@1"].n) == (0.75, 0.65, 20)
    assert what["full answers that are wrong"].after > what["full answers that are wrong"].before


def test_of_many_messages_two_in_a_hundred_may_be_lost(knowledge: Knowledge):
    assert verdict(knowledge, 300, 0, int(300 * TOLERANCE)).holds
    assert not verdict(knowledge, 300, 0, int(300 * TOLERANCE) + 1).holds


def test_what_gets_better_holds_and_is_told(knowledge: Knowledge):
    better = verdict(knowledge, 20, 10, 2)
    assert better.holds
    assert [change.effect for change in better.changed] == ["better"] * 8
    assert (better.changed[0].before, better.changed[0].after) == (WRONG, RIGHT)


def test_one_theme_that_falls_is_a_loss_although_the_whole_gains(knowledge: Knowledge):
    items = [labelled(n) for n in range(5)] + [labelled(n, theme=MONEY, barriers=["BUS-01"]) for n in range(5, 60)]
    good, bad = outcome(), outcome(theme=MONEY)
    money, not_money = outcome("BUS-01", theme=MONEY), outcome("BUS-01", theme=SLOW)
    found = compare(items, [good] * 5 + [not_money] * 55, [bad] * 5 + [money] * 55, knowledge)
    assert [loss.what for loss in found.losses] == [f"theme {SLOW}"]


@pytest.mark.parametrize(
    ("item", "before", "after", "effect"),
    [
        (labelled(1), outcome(), outcome(WRONG), "worse"),
        (labelled(1), outcome(), outcome(WRONG, options=(RIGHT,)), "neither"),
        (labelled(1), outcome(WRONG), outcome(WRONG, "shortlist", options=(RIGHT, "ORG-01")), "better"),
        (labelled(1, barriers=[]), outcome(WRONG), outcome(RIGHT), "neither"),
        (labelled(1, barriers=[]), outcome(WRONG), outcome(WRONG, "decline"), "worse"),
        (labelled(1, scope="vague", theme=None, barriers=[]), outcome(action="clarify"), outcome(), "worse"),
        (labelled(1, scope="out_far", theme=None, barriers=[]), outcome(), outcome(action="decline"), "better"),
    ],
)
def test_a_changed_answer_is_better_worse_or_neither(
    knowledge: Knowledge, item: Labelled, before: BatchOutcome, after: BatchOutcome, effect: str
):
    (changed,) = compare([item], [before], [after], knowledge).changed
    assert changed.effect == effect


def test_messages_whose_barriers_are_gone_are_set_aside(bot: Bot):
    items = [labelled(1, barriers=["GONE-01"]), labelled(2, theme="gone", barriers=[]), labelled(3)]
    told: list[tuple[int, int]] = []
    found = judge(items, bot, bot, lambda done, of: told.append((done, of)))
    assert (found.set_aside, found.after.messages, found.holds) == (2, 1, True)
    assert told == [(1, 2), (2, 2)]


def test_the_gates_own_sets_are_whole_and_know_only_what_there_is(knowledge: Knowledge):
    items = [item for file in gate_sets() for item in read_labelled(file)]
    assert len({item.id for item in items}) == len(items) > 200
    assert {theme for item in items for theme in item.accepted} <= knowledge.theme_by_id.keys()
    assert {barrier for item in items for barrier in item.accepted_barriers} <= knowledge.barrier_by_id.keys()


def test_the_gate_looks_at_measures_that_there_are(knowledge: Knowledge):
    known = {m.name for m in measure([(labelled(1), outcome())], {SLOW: "organisational"}).measures}
    assert {*HIGHER, *LOWER} <= known
