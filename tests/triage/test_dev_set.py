from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.bot import Bot, Reply
from bot.evaluation import Report, measure, read_labelled
from bot.outcomes import batch_outcome
from bot.triage import Answer, Message

DEV = Path(__file__).parent.parent / "eval" / "dev.jsonl"
FLOORS = {
    "theme@1": 0.70,
    "theme@3": 0.93,
    "barrier@1": 0.50,
    "barrier@5": 0.86,
    "within one tap": 0.85,
    "in scope: kept": 0.97,
    "near declined": 0.90,
    "far declined": 0.85,
    "vague: asked or listed": 0.75,
    "quite sure: right": 0.85,
    "fairly sure: right": 0.60,
}
WRONG = 0.30


@cache
def dev_lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in DEV.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def replies(bot: Bot) -> dict[str, Reply]:
    return {line["id"]: bot.reply(Message(line["text"])) for line in dev_lines()}


@pytest.fixture(scope="module")
def report(bot: Bot, replies: dict[str, Reply]) -> Report:
    pairs = [(item, batch_outcome(item.id, replies[item.id], 1)) for item in read_labelled(DEV)]
    return measure(pairs, {theme.id: theme.dimension for theme in bot.version.knowledge.themes})


@pytest.fixture(scope="module")
def answers(replies: dict[str, Reply]) -> list[tuple[str, Answer]]:
    return [
        (reply.explanation.message.text, reply.outcome)
        for reply in replies.values()
        if isinstance(reply.outcome, Answer)
    ]


def test_measures_stay_above_the_bar(report: Report):
    values = {m.name: m.value for m in report.measures if m.value is not None}
    assert {name: values[name] for name, floor in FLOORS.items() if values[name] < floor} == {}
    assert values["full answers that are wrong"] <= WRONG


def test_reasons_are_the_askers_own_words(answers: list[tuple[str, Answer]]):
    assert len(answers) >= 40
    for text, answer in answers:
        for barrier in answer.barriers:
            if barrier.reason is not None:
                assert barrier.reason in text
                assert len(barrier.reason) <= 0.6 * len(text)


def test_a_reason_speaks_for_its_barrier_by_itself(bot: Bot, answers: list[tuple[str, Answer]]):
    reasons = [(answer.barrier, answer.barrier.reason) for _, answer in answers if answer.barrier.reason]
    assert len(reasons) >= 20
    for barrier, reason in reasons:
        assert reason
        ranked = [b.id for b in bot.triage(Message(reason, asked=True)).ranking.barriers[:10]]
        assert barrier.id in ranked
