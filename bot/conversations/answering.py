"""The first step of a turn's workflow: load, think, store. May be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

import structlog

from bot.clock import Clock
from bot.conversations import turns
from bot.conversations.backlog import Backlog
from bot.conversations.dialogue import Said
from bot.conversations.message_view import Failed
from bot.conversations.replying import Answered, Asked, Labels, Selections
from bot.knowledge import Choice
from bot.store import Database, Room, Turns
from bot.store.tables import Turn
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

    async def answer(self, turn_id: str, attempt: int) -> str | None:
        """Answer what the turn asks now; again, while it changes meanwhile. Nothing for one that was erased.

        The turn whose question it answered in words, if it did: that is to be shown without its buttons now.
        Raises what the store and the thinking raise, and NotDelivered when the platform does not tell who asks: to be
        tried again. `attempt` counts from 1: from the THINKING_TRIES-th on what thinking raises is shown as a failure.
        """
        async with self._turns:
            closed = None
            while loaded := await self._load(turn_id):
                is_copy = loaded.turn.shares is not None
                answered = None if is_copy else await self._thought(await self._seen(loaded), attempt)
                if await self._save(loaded, answered):
                    closed = loaded.question
                    break
        self._backlog.done(turn_id)
        return closed

    async def _seen(self, loaded: _Loaded) -> _Loaded:
        """Add what the platform tells of the asker: a guest is an external user, too."""
        if loaded.asked.external_user or not await self._is_guest(loaded.room, loaded.turn.asker):
            return loaded
        return replace(loaded, asked=replace(loaded.asked, external_user=True))

    async def _thought(self, loaded: _Loaded, attempt: int) -> Answered:
        try:
            return await self._think(loaded.asked)
        except Exception:
            reference = uuid4().hex[:8]
            log.exception("answering failed", turn=loaded.turn.id, reference=reference, attempt=attempt)
            if attempt < THINKING_TRIES:
                raise
            return Answered(Failed(reference), Labels("failed"), self._index_version(), loaded.turn.is_aside)

    async def _load(self, turn_id: str) -> _Loaded | None:
        async with self._database.reading() as session:
            found = Turns(session)
            turn = await found.get(turn_id)
            if turn is None or not turns.is_to_answer(turn):
                return None
            texts = await found.texts_of(turn.id)
            past = await found.before(turn) if turn.conversation != turn.id else ()  # else it began it
            earlier = await _earlier(found, past)
            last = next((each for each in reversed(past) if not each.is_aside), None)
            opened = await found.conversation(turn.conversation)
        said = _said(last)
        asked = Asked(
            texts, _selections(turn), turn.is_aside, earlier, said, turn.external_user, opened.index_version,
            opened.workspace, opened.room,
        )  # fmt: skip
        room = Room(opened.channel, opened.workspace, opened.room)
        is_open = said.question is not None or (said.options and said.barrier is None)
        return _Loaded(turn, room, asked, last.id if last and is_open else None)

    async def _save(self, loaded: _Loaded, answer: Answered | None) -> bool:
        """Tell whether the answer is to what the turn asks still."""
        async with self._database.writing() as session:
            found = Turns(session)
            locked = {each.id: each for each in await found.all_locked({loaded.turn.id, loaded.question or ""})}
            asked, revision = loaded.asked, loaded.turn.revision
            turn = turns.answered(
                locked[loaded.turn.id], revision, answer, self._clock(), external_user=asked.external_user
            )
            if turn is None:
                return False
            if turn.erased is None:
                await found.save(turn)
                await found.note_answer(turn)
                if loaded.question is not None:
                    await found.save(turns.closed(locked[loaded.question]))
        return True


async def _earlier(found: Turns, past: Sequence[Turn]) -> Message | None:
    """Make one message of the conversation so far, without its asides."""
    texts: list[str] = []
    message: Message | None = None
    for turn in past:
        if turn.is_aside:
            continue
        if not turn.picked or turn.tapped:  # else it says the number of what was picked
            texts += await found.texts_of(turn.id)
        if texts:
            kept = _selections(turn).on(replace(message or Message(""), text="\n".join(texts), picked=turn.picked))
            if turn.rejected and not turn.asked:  # what was taken back in words takes an earlier choice with it
                kept = replace(kept, offered=(), chosen=None, none_fits=False)
            message = kept
    return message


def _selections(turn: Turn) -> Selections:
    offered = tuple(Choice.model_validate(choice, strict=False) for choice in turn.offered) if turn.asked else ()
    picked = turn.picked if turn.tapped else None
    return Selections(turn.asked, offered, turn.chosen, picked, turn.refusals, tuple(turn.rejected))


def _said(last: Turn | None) -> Said:
    """Tell what the last turn left open: not a question that was answered by a button."""
    if last is None:
        return Said()
    said = turns.options(last)
    return Said() if said.question is not None and last.asked else said
