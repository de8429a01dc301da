"""What people may have taken out, and what goes by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.conversations.erasing import erase
from bot.store import Database, Turns

Prune = Callable[[datetime], Awaitable[int]]
"""Drops what the workflows keep of what ended before; how many."""

REPLY_URL_LIVES = timedelta(minutes=30)
"""https://docs.slack.dev/interactivity/handling-user-interaction: five uses within 30 minutes."""

log = structlog.get_logger()


class Privacy:
    """`keep_days` is how long texts are kept."""

    def __init__(self, database: Database, keep_days: int, prune: Prune, clock: Clock) -> None:
        self._database = database
        self.keep_days = keep_days
        self._prune = prune
        self._clock = clock

    async def kept(self, workspace: str, person: str) -> int:
        """Tell how many of this person's messages have a text still."""
        async with self._database.reading() as session:
            return await Turns(session).texts_kept(workspace, person)

    async def forget(self, workspace: str, person: str) -> int:
        """Erase what this person wrote and every quote of it, in every file; how many messages that were."""
        async with self._database.writing() as session:
            turns = Turns(session)
            texts = await turns.texts_kept(workspace, person)
            await erase(turns, await turns.of_person(workspace, person), "forgotten")
            await turns.drop_opinions(workspace, person)
            turns.audit.add(self._clock(), workspace, person, "forget", person, {"texts": texts})
        await self._database.truncate_wal()
        log.info("forgot a person's texts", workspace=workspace, person=person, texts=texts)
        return texts

    async def retain(self) -> None:
        """Erase what is older than the retention, here and in the workflows' own state."""
        now = self._clock()
        last_day = now - timedelta(days=self.keep_days)
        expired = 0
        while old := await self._expire(now - REPLY_URL_LIVES, last_day):
            expired += old
        if expired:
            await self._database.truncate_wal()
        pruned = await self._prune(last_day)
        if expired or pruned:
            log.info("retention", turns=expired, workflows=pruned)

    async def _expire(self, dead_before: datetime, last_day: datetime) -> int:
        """Erase some of what is older, and reply addresses that are dead: how many turns.

        To be repeated until it returns 0: one call holds the database for a moment only.
        """
        async with self._database.writing() as session:
            turns = Turns(session)
            await turns.drop_reply_urls(dead_before)
            old = await turns.older_than(last_day)
            await erase(turns, old, "expired")
        return len(old)
