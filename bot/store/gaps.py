"""Questions without a good answer: what was asked in public, who wants to be told, what was drafted from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Agreement, Conversation, Feedback, GapDraft, Message, PublicRoom, Turn

UNSURE = ("shortlist", "clarify")
DECLINED = ("near", "far")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that was declined, answered without being sure, or whose answer helped nobody."""

    turn: str
    asker: str
    room: str
    asked_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """Somebody is to be told of a barrier, where they asked."""

    turn: Turn
    person: str
    barrier: str


class Gaps:
    """In one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def unanswered(self, since: datetime) -> Sequence[Unanswered]:
        """Return what was asked since then in rooms that are public, by members of the organisation, text still kept.

        Neither what was asked privately, nor in a room of which nobody knows that it is public.
        """
        disliked = exists().where(Feedback.turn == Turn.id, Feedback.helpful.is_(False))
        unsure: ColumnElement[bool] = Turn.action.in_(UNSURE) | Turn.decline_kind.in_(DECLINED) | disliked
        found = (
            select(Turn.id, Turn.asker, Conversation.room, Turn.received_at, Message.text)
            .join(Conversation, Conversation.id == Turn.conversation)
            .join(
                PublicRoom,
                (PublicRoom.workspace == Conversation.workspace) & (PublicRoom.room == Conversation.room),
            )
            .join(Message, Message.turn == Turn.id)
            .where(
                Turn.received_at >= since,
                Turn.private.is_(False),
                Turn.external_user.is_(False),
                Turn.erased.is_(None),
                Turn.shares.is_(None),
                Message.author == Turn.asker,
                Message.text.is_not(None),
                unsure,
            )
            .order_by(Turn.received_at, Message.said_at, Message.id)
        )
        by_turn: dict[str, Unanswered] = {}
        for turn, asker, room, at, text in await self._session.execute(found):
            before = by_turn.get(turn)
            whole = f"{before.text}\n{text}" if before else text or ""
            by_turn[turn] = Unanswered(turn, asker, room, at, whole)
        return list(by_turn.values())

    async def agree(self, turn: str, person: str, at: datetime) -> None:
        """Keep that a person wants to be told."""
        await self._session.merge(Agreement(turn=turn, person=person, at=at))

    async def draft(self, barrier: str, turns: Iterable[str]) -> None:
        """Keep which questions a barrier was drafted for."""
        for turn in turns:
            await self._session.merge(GapDraft(barrier=barrier, turn=turn))

    async def drafted(self) -> Collection[str]:
        """Return the barriers that somebody waits for."""
        waited = select(GapDraft.barrier).join(Agreement, Agreement.turn == GapDraft.turn)
        return set(await self._session.scalars(waited))

    async def awaited(self, barriers: Collection[str]) -> Sequence[Awaited]:
        """Return who is to be told of these, where the question still stands."""
        found = (
            select(Turn, Agreement.person, GapDraft.barrier)
            .join(Agreement, Agreement.turn == Turn.id)
            .join(GapDraft, GapDraft.turn == Turn.id)
            .where(GapDraft.barrier.in_(barriers), Turn.erased.is_(None) | (Turn.erased == "expired"))
            .order_by(Turn.received_at, Agreement.person, GapDraft.barrier)
        )
        return [Awaited(*row) for row in await self._session.execute(found)]

    async def told(self, awaited: Awaited) -> None:
        """Forget that this person waits: they are told once."""
        of_theirs = Agreement.turn == awaited.turn.id, Agreement.person == awaited.person
        await self._session.execute(delete(Agreement).where(*of_theirs))
