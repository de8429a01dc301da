"""What people may have taken out, and what goes by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select

from bot.conversations.inbox import Clock
from bot.store import Database, Room
from bot.store.privacy import expire, forget_person
from bot.store.rooms import manners_of, set_manners
from bot.store.tables import Manners, Message

Prune = Callable[[datetime], Awaitable[int]]
"""Drops what the workflows keep of what ended before; how many."""

log = structlog.get_logger()


class Privacy:
    """`keep_days` is how long texts are kept."""

    def __init__(self, database: Database, keep_days: int, prune: Prune, clock: Clock) -> None:
        self._database = database
        self.keep_days = keep_days
        self._prune = prune
        self._clock = clock

    async def kept(self, workspace: str, person: str) -> int:
        """How many of this person's messages have a text still."""
        theirs = select(func.count()).where(
            Message.workspace == workspace, Message.author == person, Message.text.is_not(None)
        )
        async with self._database.reading() as session:
            return await session.scalar(theirs) or 0

    async def forget(self, workspace: str, person: str) -> int:
        """Erase what this person wrote and every quote of it, in every file; how many messages that were."""
        async with self._database.writing() as session:
            texts = await forget_person(session, workspace, person, self._clock())
        await self._database.forget_pages()
        log.info("forgot a person's texts", workspace=workspace, person=person, texts=texts)
        return texts

    async def retain(self) -> None:
        """Erase what is older than the retention, here and in the workflows' own state."""
        keep_for, now = timedelta(days=self.keep_days), self._clock()
        expired = 0
        while True:
            async with self._database.writing() as session:
                turns = await expire(session, now, keep_for)
            if not turns:
                break
            expired += turns
        if expired:
            await self._database.forget_pages()
        pruned = await self._prune(now - keep_for)
        if expired or pruned:
            log.info("retention", turns=expired, workflows=pruned)

    async def manners(self, room: Room) -> Manners:
        async with self._database.reading() as session:
            return await manners_of(session, room)

    async def set_manners(self, room: Room, manners: Manners, person: str) -> None:
        async with self._database.writing() as session:
            await set_manners(session, room, manners, person, self._clock())
