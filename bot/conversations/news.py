"""What was learnt since: whoever asked to be told of it is, in the thread where they asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from bot.clock import Clock
from bot.conversations import turns
from bot.conversations.inbox import Start
from bot.conversations.message_view import Notice
from bot.store import Database, Gaps, Turns

Names = Callable[[], Mapping[str, str]]
"""The names of the barriers that are answered with now, by their ids."""

log = structlog.get_logger()


class News:
    """Tells each of them once, with the means of every other answer: a turn of its own, delivered durably."""

    def __init__(self, database: Database, start: Start, names: Names, clock: Clock) -> None:
        self._database = database
        self._start = start
        self._names = names
        self._clock = clock

    async def tell(self) -> int:
        """Tell those who wait for a barrier that is there now; how many."""
        async with self._database.reading() as session:
            drafted = await Gaps(session).drafted()
        if not drafted:
            return 0
        names = await asyncio.to_thread(self._names)
        landed = [barrier for barrier in drafted if barrier in names]
        if not landed:
            return 0
        begun: list[str] = []
        async with self._database.writing() as session:
            gaps, found = Gaps(session), Turns(session)
            for awaited in await gaps.awaited(landed):
                id = f"{awaited.turn.id}:news:{awaited.person}"
                if await found.get(id) is None:
                    notice = Notice("news", _said(names[awaited.barrier]))
                    await found.add(turns.told_later(awaited.turn, id, awaited.person, self._clock(), notice))
                    begun.append(id)
                await gaps.told(awaited)
        for id in begun:
            await self._start(id, id)
        if begun:
            log.info("askers were told of a new barrier", people=len(begun))
        return len(begun)


def _said(name: str) -> str:
    return f"You wanted to hear when I know more about this. I do now: “{name}”. Name me here to ask again."
