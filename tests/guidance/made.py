"""Answers with a barrier of one's choice in the first place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.knowledge import Knowledge
from bot.triage import Answer
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
) -> Answer:
    """`first` at 0.5, the wordiest barriers of other themes behind it; `also` sets further probabilities."""
    theme = knowledge.barrier_by_id[first].theme
    others = [barrier for barrier in knowledge.barriers if barrier.theme != theme and barrier.id not in (also or {})]
    others.sort(key=lambda barrier: -len(f"{barrier.name}{barrier.editorial.one_line}"))
    told = (first, others[0].id, others[1].id)
    ranking = ranking_of(knowledge, {first: 0.5, told[1]: 0.2, told[2]: 0.1, **(also or {})})
    by_id = {barrier.id: barrier for barrier in ranking.barriers}
    reasons = (reason, f"{reason} now", f"{reason} too") if reason else (None, None, None)
    barriers = tuple(replace(by_id[id], reason=phrase) for id, phrase in zip(told, reasons, strict=True))
    return Answer(ranking, barriers, 0.5, language)
