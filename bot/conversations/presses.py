"""Buttons: who may press them, what they change. What a button claims is looked up, never trusted."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.channel import PRIVATE
from bot.conversations.delivering import shown_of
from bot.conversations.dialogue import Said, taken_back
from bot.conversations.heard import Pressed
from bot.conversations.inbox import Clock, Start, new_conversation, new_turn
from bot.conversations.shown import MAX_REFUSALS, Shown, body_of, said_by
from bot.guidance import Guidance
from bot.store import Database
from bot.store.tables import Audit, Conversation, Feedback, Outcome, Turn

GONE = "I no longer have this answer; ask me again and I will find it."
NOT_YOURS = "Only the person who asked can press this. Ask me yourself, and I will answer you."
ELSEWHERE = "This button does not belong here."
LOOKING = "I am looking already."
OUTDATED = "This answer has changed meanwhile; please look at it again."
THANKS = "Thank you, noted."
NOT_HELPFUL = (
    "Noted, thank you. “Rather this?” shows what else it could be, and one more sentence about it often does better."
)
ALREADY_SHARED = "You have shared this already."
ALREADY_TRYING = "You are trying this already."


class Refused(Exception):
    """The sentence for the person who pressed."""


@dataclass(frozen=True, slots=True)
class _Found:
    session: AsyncSession
    turn: Turn
    conversation: Conversation


class Presses:
    """Each raises Refused. What changes the answer starts the turn's workflow again, under the press's own id."""

    def __init__(self, database: Database, start: Start, clock: Clock) -> None:
        self._database = database
        self._start = start
        self._clock = clock

    async def choose(self, pressed: Pressed, choice: int | None) -> None:
        """Answer a clarifying question: the place of a choice, or None for "something else"."""
        async with self._changing(pressed, asker_only=True) as found:
            turn = found.turn
            if turn.action != "clarify":
                raise Refused(OUTDATED)
            if choice is not None and not 0 <= choice < len(turn.offered):
                raise Refused(ELSEWHERE)
            turn.asked, turn.chosen = True, choice

    async def pick(self, pressed: Pressed, barrier: str) -> None:
        """Show a barrier of the list, or one that stands beside the answer, in its place."""
        async with self._changing(pressed, asker_only=True) as found:
            turn = found.turn
            if barrier not in _options(turn).options or turn.shares is not None:
                raise Refused(OUTDATED)
            turn.picked, turn.tapped, turn.more = barrier, True, False

    async def back(self, pressed: Pressed) -> None:
        """To what was shown before a barrier was picked."""
        async with self._changing(pressed, asker_only=True) as found:
            turn = found.turn
            if not turn.tapped:
                raise Refused(OUTDATED)
            turn.picked, turn.tapped, turn.more = None, False, False

    async def none_of_these(self, pressed: Pressed) -> None:
        """Neither what was told nor what stood beside it: ask, or where that was done, give in."""
        async with self._changing(pressed, asker_only=True) as found:
            turn = found.turn
            said = _options(turn)
            if not (said.told or said.options) or turn.shares is not None:
                raise Refused(OUTDATED)
            if turn.revision != turn.answered:  # pressed again before the next question came
                raise Refused(LOOKING)
            turn.rejected = list(taken_back(turn.rejected, said.told, *said.options))
            turn.refusals = MAX_REFUSALS + 1 if turn.asked else turn.refusals + 1
            turn.picked, turn.tapped, turn.more = None, False, False

    async def more(self, pressed: Pressed, wanted: bool) -> Shown | None:
        """Unfold or fold the asker's answer in place; for anybody else, what to show to them alone."""
        async with self._found(pressed) as found:
            if found.turn.asker != pressed.person:
                # "You wrote" is wrong for anybody but the asker, and those words may not be theirs to read.
                shown = await shown_of(found.session, found.turn)
                return replace(shown, asker=pressed.person, private=True, more=True, with_quotes=False)
            found.turn.more = wanted
            _changed(found.turn, pressed)
        await self._start(pressed.id, pressed.turn)
        return None

    async def helpful(self, pressed: Pressed, helpful: bool) -> str:
        """A sentence to thank with. One opinion a person: the last."""
        async with self._found(pressed) as found:
            opinion = Feedback(turn=found.turn.id, person=pressed.person, helpful=helpful, at=self._clock())
            await found.session.merge(opinion)
        return THANKS if helpful else NOT_HELPFUL

    async def try_this(self, pressed: Pressed) -> None:
        """The presser takes the first step on; the answer says so."""
        async with self._changing(pressed) as found:
            turn = found.turn
            theirs = select(Outcome).where(
                Outcome.turn == turn.id, Outcome.person == pressed.person, Outcome.barrier == turn.barrier
            )
            if (await found.session.scalars(theirs)).first():
                raise Refused(ALREADY_TRYING)
            guidance = body_of(turn)
            if not isinstance(guidance, Guidance):
                raise Refused(OUTDATED)
            found.session.add(
                Outcome(
                    turn=turn.id,
                    workspace=found.conversation.workspace,
                    room=found.conversation.room,
                    barrier=guidance.barrier.id,
                    recommendation=guidance.first_step.citation.record,
                    person=pressed.person,
                    state="trying",
                    at=self._clock(),
                )
            )

    async def share(self, pressed: Pressed, *, with_quotes: bool) -> None:
        """Post a copy of a private answer in its room, the asker's own words only if they say so."""
        async with self._found(pressed, asker_only=True) as found:
            turn, session = found.turn, found.session
            if not turn.private or turn.reply is None:
                raise Refused(OUTDATED)
            before = select(Turn).where(Turn.shares == turn.id, Turn.state != "undeliverable")
            if (await session.scalars(before)).first():
                raise Refused(ALREADY_SHARED)
            now = self._clock()
            conversation = new_conversation(pressed.id, pressed.room, pressed.id, pressed.person, now)
            session.add(conversation)
            await session.flush()
            copy = new_turn(pressed.id, conversation.id, pressed.person, now, post_in=turn.post_in, post_under=None)
            copy.shares, copy.with_quotes, copy.outsider = turn.id, with_quotes, turn.outsider
            copy.reply, copy.answered, copy.answered_at = turn.reply, 1, now
            copy.action, copy.theme, copy.barrier = "shared", turn.theme, turn.barrier
            copy.confidence, copy.index_version = turn.confidence, turn.index_version
            session.add(copy)
            session.add(
                Audit(
                    at=now,
                    workspace=pressed.room.workspace,
                    actor=pressed.person,
                    act="share",
                    subject=pressed.room.id,
                    details={"with_quotes": with_quotes},
                )
            )
        await self._start(pressed.id, pressed.id)

    @asynccontextmanager
    async def _changing(self, pressed: Pressed, *, asker_only: bool = False) -> AsyncGenerator[_Found]:
        """As `_found`; what is changed of the turn is answered and shown afterwards."""
        async with self._found(pressed, asker_only=asker_only) as found:
            yield found
            _changed(found.turn, pressed)
        await self._start(pressed.id, pressed.turn)

    @asynccontextmanager
    async def _found(self, pressed: Pressed, *, asker_only: bool = False) -> AsyncGenerator[_Found]:
        """The turn of the button, if it stands where, and for whom, the platform says that it was pressed."""
        async with self._database.writing() as session:
            turn = await session.get(Turn, pressed.turn, with_for_update=True)
            conversation = await session.get(Conversation, turn.conversation) if turn else None
            if turn is None or conversation is None or conversation.workspace != pressed.room.workspace:
                raise Refused(GONE)
            if turn.post_in != pressed.room.id or conversation.channel != pressed.room.channel:
                raise Refused(ELSEWHERE)
            if turn.posted != (PRIVATE if turn.private else pressed.message) or turn.private != pressed.private:
                raise Refused(ELSEWHERE)
            if turn.erased is not None or turn.reply is None:
                raise Refused(GONE)
            if (asker_only or turn.private) and turn.asker != pressed.person:
                raise Refused(NOT_YOURS)
            yield _Found(session, turn, conversation)


def _options(turn: Turn) -> Said:
    return said_by(body_of(turn))


def _changed(turn: Turn, pressed: Pressed) -> None:
    turn.revision += 1
    if turn.private:
        turn.reply_url = pressed.reply_url
