"""The first step of a turn's workflow: load, think, store. May be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

import structlog
from pydantic import ValidationError
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.inbox import Clock
from bot.conversations.replying import Answered, Asked, Labels, Presses
from bot.conversations.shown import Failed, restored, stored
from bot.knowledge import Choice
from bot.store import Database
from bot.store.tables import Conversation, Turn
from bot.store.tables import Message as StoredMessage
from bot.triage import AskedQuestion, Message

AT_ONCE = 2
"""Turns being answered: enough to keep the thinking busy, too few to hold up who waits for an acknowledgement."""
THINKING_TRIES = 3
"""A platform or a store that is away comes back; a message that cannot be thought about does not."""

Think = Callable[[Asked], Awaitable[Answered]]
"""May raise anything: what it raises is no fault of the store's."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Loaded:
    turn: Turn
    asked: Asked


class Answering:
    """Brings the reply of a turn up to its revision."""

    def __init__(self, think: Think, index_version: Callable[[], int], database: Database, clock: Clock) -> None:
        self._think = think
        self._index_version = index_version
        self._database = database
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def answer(self, turn_id: str) -> None:
        """Answer what the turn asks now; again, while it changes meanwhile. Nothing for one that was erased.

        Raises what the store raises: it is to be tried again then. What thinking raises is shown as a failure.
        """
        async with self._turns:
            while loaded := await self._load(turn_id):
                answered = None if loaded.turn.shares is not None else await self._thought(loaded)
                if await self._save(loaded.turn, answered):
                    return

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
        told = last.barrier if last else None
        return _Loaded(turn, Asked(texts, _presses(turn), turn.alone, earlier, _pending(last), told))

    async def _save(self, asked: Turn, answered: Answered | None) -> bool:
        """Whether the answer is to what the turn asks still."""
        async with self._database.writing() as session:
            turn = await session.get_one(Turn, asked.id, with_for_update=True)
            if turn.erased is not None:
                return True
            if turn.revision != asked.revision:
                return False
            now = self._clock()
            if answered is not None:
                _label(turn, answered)
                turn.reply = stored(answered.body)
            turn.answered, turn.answered_at = turn.revision, now
            began_with = func.coalesce(Conversation.index_version, turn.index_version)
            opened = update(Conversation).where(Conversation.id == turn.conversation)
            await session.execute(opened.values(answered_at=now, index_version=began_with))
        return True


def _label(turn: Turn, answered: Answered) -> None:
    labels = answered.labels
    turn.action, turn.theme, turn.barrier, turn.confidence = (
        labels.action, labels.theme, labels.barrier, labels.confidence,
    )  # fmt: skip
    turn.decline_kind, turn.question, turn.notice = labels.decline_kind, labels.question, labels.notice
    turn.failure = answered.body.reference if isinstance(answered.body, Failed) else None
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
        texts += await _texts_of(session, turn.id)
        if texts:
            kept = _presses(turn).on(replace(message or Message(""), text="\n".join(texts)))
            if turn.rejected and not turn.asked:  # what was taken back in words takes an earlier choice with it
                kept = replace(kept, offered=(), chosen=None)
            message = kept
    return message


def _presses(turn: Turn) -> Presses:
    offered = tuple(Choice.model_validate(choice, strict=False) for choice in turn.offered) if turn.asked else ()
    return Presses(turn.asked, offered, turn.chosen, tuple(turn.rejected))


def _pending(last: Turn | None) -> AskedQuestion | None:
    """The question that the last turn asked, unless it was answered by a button."""
    if last is None or last.action != "clarify" or last.asked or last.reply is None:
        return None
    try:
        question = restored(last.reply)
    except ValidationError:
        return None
    return question if isinstance(question, AskedQuestion) else None
