"""Answers and short lists with barriers of one's choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.knowledge import Knowledge
from bot.triage import Answer, ShortList, Sureness
from tests.triage.made import ranking_of

REASON = "the models wait for months until somebody finds the time to look at them"
VENTING = f"I'm sick of it: {REASON}"


def answer_with(
    knowledge: Knowledge,
    first: str,
    *,
    reason: str | None = REASON,
    also: Mapping[str, float] | None = None,
    language: str | None = None,
    sureness: Sureness | None = "fairly sure",
) -> Answer:
    """`first` at 0.5, the barriers with the longest names behind it; `also` sets further probabilities."""
    theme = knowledge.barrier_by_id[first].theme
    others = [barrier for barrier in knowledge.barriers if barrier.theme != theme and barrier.id not in (also or {})]
    others.sort(key=lambda barrier: -len(barrier.name))
    told = [barrier.id for barrier in others[:4]]
    ranking = ranking_of(
        knowledge, {first: 0.5, **dict(zip(told, (0.1, 0.05, 0.04, 0.03), strict=True)), **(also or {})}
    )
    by_id = {barrier.id: barrier for barrier in ranking.barriers}
    beside = tuple(replace(by_id[id], reason=reason) for id in told)
    return Answer(ranking, replace(by_id[first], reason=reason), beside, sureness, language)


def list_of(knowledge: Knowledge, *barriers: str, reason: str | None = None) -> ShortList:
    """The barriers at 0.12 each, the first with a reason."""
    ranking = ranking_of(knowledge, dict.fromkeys(barriers, 0.12))
    by_id = {barrier.id: barrier for barrier in ranking.barriers}
    first, *others = (by_id[id] for id in barriers)
    return ShortList(ranking, (replace(first, reason=reason), *others))
