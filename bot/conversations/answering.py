"""The first step of a turn's workflow: load, think, store. May be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.backlog import Backlog
from bot.conversations.dialogue import Said
from bot.conversations.inbox import Clock
from bot.conversations.replying import Answered, Asked, Labels, Presses
from bot.conversations.shown import Failed, body_of, said_by, stored
from bot.knowledge import Choice
from bot.store import Database, Room
from bot.store.tables import Conversation, Turn
from bot.store.tables import Message as StoredMessage
from bot.triage import Message

AT_ONCE = 2
"""Turns being answered: enough to keep the thinking busy, too few to hold up who waits for an acknowledgement."""
THINKING_TRIES = 3
"""A platform or a store that is away comes back; a message that cannot be thought about does not."""

Think = Callable[[Asked], Awaitable[Answered]]
"""May raise anything: what it raises is no fault of the store's."""

IsGuest = Callable[[Room, str], Awaitable[bool]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Loaded:
    """`question` is the turn whose question is open, if there is one."""

    turn: Turn
    room: Room
    asked: Asked
    question: str | None


class Answering:
    """Brings the reply of a turn up to its revision."""

    def __init__(
        self, think: Think, is_guest: IsGuest, index_version: Callable[[], int], database: Database, backlog: Backlog,
        clock: Clock,
    ) -> None:  # fmt: skip
        self._think = think
        self._is_guest = is_guest
        self._backlog = backlog
        self._index_version = index_version
        self._database = database
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def answer(self, turn_id: str) -> str | None:
        """Answer what the turn asks now; again, while it changes meanwhile. Nothing for one that was erased.

        The turn whose question it answered in words, if it did: that is to be shown without its buttons now.
        Raises what the store raises, and NotDelivered when the platform does not tell who asks: to be tried again.
        What thinking raises is shown as a failure.
        """
        async with self._turns:
            closed = None
            while loaded := await self._load(turn_id):
                answered = None if loaded.turn.shares is not None else await self._thought(await self._seen(loaded))
                if await self._save(loaded, answered):
                    closed = loaded.question
                    break
        self._backlog.done(turn_id)
        return closed

    async def _seen(self, loaded: _Loaded) -> _Loaded:
        """With what the platform tells of the asker: a guest is an outsider, too."""
        if loaded.asked.outsider or not await self._is_guest(loaded.room, loaded.turn.asker):
            return loaded
        return replace(loaded, asked=replace(loaded.asked, outsider=True))

    async def _thought(self, loaded: _Loaded) -> Answered:
        tried = 1
        while True:
            try:
                return await self._think(loaded.asked)
            except Exception:
                reference = uuid4().hex[:8]
                log.exception("answering failed", turn=loaded.turn.id, reference=reference, tried=tried)
                if tried == THINKING_TRIES:
                    failed = Failed(reference)
                    return Answered(failed, Labels("failed"), self._index_version(), loaded.turn.alone)
            tried += 1

    async def _load(self, turn_id: str) -> _Loaded | None:
        async with self._database.reading() as session:
            turn = await session.get(Turn, turn_id)
            if turn is None or turn.erased is not None or turn.answered >= turn.revision:
                return None
            texts = await _texts_of(session, turn.id)
            past = await _past(session, turn) if turn.conversation != turn.id else []  # else it began it
            earlier = await _earlier(session, past)
            last = next((each for each in reversed(past) if not each.alone), None)
            opened = await session.get_one(Conversation, turn.conversation)
        said = _said(last)
        asked = Asked(texts, _presses(turn), turn.alone, earlier, said, turn.outsider)
        room = Room(opened.channel, opened.workspace, opened.room)
        is_open = said.question is not None or (said.options and said.told is None)
        return _Loaded(turn, room, asked, last.id if last and is_open else None)

    async def _save(self, loaded: _Loaded, answered: Answered | None) -> bool:
        """Whether the answer is to what the turn asks still."""
        async with self._database.writing() as session:
            turn = await session.get_one(Turn, loaded.turn.id, with_for_update=True)
            if turn.erased is not None:
                return True
            if turn.revision != loaded.turn.revision:
                return False
            now = self._clock()
            if answered is not None:
                _label(turn, answered)
                turn.outsider = loaded.asked.outsider
                turn.reply = stored(answered.body)
            turn.answered, turn.answered_at = turn.revision, now
            began_with = func.coalesce(Conversation.index_version, turn.index_version)
            opened = update(Conversation).where(Conversation.id == turn.conversation)
            await session.execute(opened.values(answered_at=now, index_version=began_with))
            if loaded.question is not None:
                await _close(session, loaded.question)
        return True


async def _close(session: AsyncSession, question: str) -> None:
    turn = await session.get_one(Turn, question, with_for_update=True)
    if not turn.closed and turn.erased is None and turn.answered == turn.revision:
        turn.closed = True
        turn.revision += 1
        turn.answered = turn.revision


def _label(turn: Turn, answered: Answered) -> None:
    labels = answered.labels
    turn.action, turn.theme, turn.barrier, turn.confidence = (
        labels.action, labels.theme, labels.barrier, labels.confidence,
    )  # fmt: skip
    turn.decline_kind, turn.question, turn.notice = labels.decline_kind, labels.question, labels.notice
    turn.failure = answered.body.reference if isinstance(answered.body, Failed) else None
    turn.picked = answered.picked
    turn.alone, turn.rejected, turn.index_version = answered.alone, list(answered.rejected), answered.index_version
    if answered.offered:
        turn.offered = [choice.model_dump(mode="json") for choice in answered.offered]


async def _texts_of(session: AsyncSession, turn: str) -> tuple[str, ...]:
    said = select(StoredMessage.text).where(StoredMessage.turn == turn, StoredMessage.text.is_not(None))
    return tuple(filter(None, await session.scalars(said.order_by(StoredMessage.said_at, StoredMessage.id))))


async def _past(session: AsyncSession, turn: Turn) -> list[Turn]:
    before = select(Turn).where(
        Turn.conversation == turn.conversation,
        Turn.heard_at < turn.heard_at,
        Turn.id != turn.id,
        Turn.erased.is_(None),
        Turn.shares.is_(None),
    )
    return list(await session.scalars(before.order_by(Turn.heard_at)))


async def _earlier(session: AsyncSession, past: Sequence[Turn]) -> Message | None:
    """The conversation so far as one message; what stood alone in it left out."""
    texts: list[str] = []
    message: Message | None = None
    for turn in past:
        if turn.alone:
            continue
        if not turn.picked or turn.tapped:  # else it says the number of what was picked
            texts += await _texts_of(session, turn.id)
        if texts:
            kept = _presses(turn).on(replace(message or Message(""), text="\n".join(texts), picked=turn.picked))
            if turn.rejected and not turn.asked:  # what was taken back in words takes an earlier choice with it
                kept = replace(kept, offered=(), chosen=None, none_fits=False)
            message = kept
    return message


def _presses(turn: Turn) -> Presses:
    offered = tuple(Choice.model_validate(choice, strict=False) for choice in turn.offered) if turn.asked else ()
    picked = turn.picked if turn.tapped else None
    return Presses(turn.asked, offered, turn.chosen, picked, turn.refusals, tuple(turn.rejected))


def _said(last: Turn | None) -> Said:
    """What the last turn left open: not a question that was answered by a button."""
    if last is None:
        return Said()
    said = said_by(body_of(last))
    return Said() if said.question is not None and last.asked else said
