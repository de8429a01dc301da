"""Decline -> what a person reads, as data."""

from __future__ import annotations

from dataclasses import dataclass

from bot.knowledge import Knowledge
from bot.triage import Decline

NO_WORDS = "I see no words in that. Say in a sentence or two what hurts in getting machine learning into use."


@dataclass(frozen=True, slots=True)
class Declined:
    """`offer` names what the bot can help with instead, where there is something near."""

    reply: str
    belongs: str | None = None
    offer: str | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for line in (self.reply, self.belongs, self.offer) if line)


def declined(decline: Decline, knowledge: Knowledge) -> Declined:
    if decline.reply is None:
        return Declined(NO_WORDS)
    names = "; ".join(knowledge.barrier_by_id[id].name for id in decline.reply.barriers)
    return Declined(
        decline.reply.reply,
        f"It belongs here: {decline.reply.belongs}." if decline.reply.belongs else None,
        f"What I can help with: {names}." if names else None,
    )
