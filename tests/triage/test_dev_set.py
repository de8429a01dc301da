from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.app import Bot, Reply
from bot.batch import batch_outcome
from bot.evaluation import Report, measure, read_labelled
from bot.triage import Answer, Message

DEV = Path(__file__).parent.parent / "eval" / "dev.jsonl"
FLOORS = {
    "theme@1": 0.65,
    "theme@3": 0.90,
    "in scope: kept": 0.90,
    "in scope: answered": 0.80,
    "near declined": 0.70,
    "far declined": 0.75,
    "vague: asked": 0.50,
}
SURE_AND_WRONG = 0.03


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
        (reply.stages.message.text, reply.outcome) for reply in replies.values() if isinstance(reply.outcome, Answer)
    ]


def test_measures_stay_above_the_bar(report: Report):
    values = {m.name: m.value for m in report.measures if m.value is not None}
    assert {name: values[name] for name, floor in FLOORS.items() if values[name] < floor} == {}
    assert values["sure and wrong"] <= SURE_AND_WRONG


def test_reasons_are_the_askers_own_words(answers: list[tuple[str, Answer]]):
    assert len(answers) >= 80
    for text, answer in answers:
        for barrier in answer.barriers:
            if barrier.reason is not None:
                assert barrier.reason in text
                assert len(barrier.reason) <= 0.6 * len(text)


def test_without_its_reason_the_first_barrier_is_less_likely(bot: Bot, answers: list[tuple[str, Answer]]):
    lower = 0
    for text, answer in answers:
        first = answer.barriers[0]
        if first.reason is not None:
            without = bot.triage(Message(text.replace(first.reason, " ", 1), asked=True)).ranking
            lower += next(b.probability for b in without.barriers if b.id == first.id) < first.probability
    assert lower >= 0.9 * len(answers)
