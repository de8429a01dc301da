"""One index for hosts that share no disk: the store says what serves, and every host has a copy of its files.

The vectors are on a Chroma server (CHROMA_URL). A host takes what the store says before an admin acts on it, and
publishes afterwards; who was overtaken meanwhile is told, and has the other's state.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from bot.errors import ChromaUnavailable, ProposalOvertaken
from bot.index.build import COLLECTIONS
from bot.index.version import documents_of
from bot.index.version_store import VersionStore
from bot.store import Database, IndexVersions, SharedState

LOCK = "index"
STRAY_AFTER_S = 86_400.0
"""A build that died leaves a collection behind: what is that old and nobody's is removed."""


class SharedIndex:
    """The index of one home as a copy of the store's."""

    def __init__(self, versions: VersionStore, database: Database) -> None:
        self._versions = versions
        self._database = database
        self._taken: SharedState | None = None
        self._one_at_a_time = asyncio.Lock()

    async def take(self) -> None:
        """Let what the store says serve here, too. Raises HomeUnwritable, IndexDamaged."""
        async with self._one_at_a_time:
            await self._take()

    @asynccontextmanager
    async def acting(self) -> AsyncGenerator[None]:
        """Act on the versions of this host in the block: on what all serve, and for all.

        Raises ProposalOvertaken where another host acted meanwhile; this one has its state, then.
        """
        async with self._one_at_a_time:
            await self._take()
            yield
            await self._publish()
        await self._remove_strays()

    async def publish_first(self) -> None:
        """Let others have what this host has, if none has published yet; else have theirs."""
        async with self._one_at_a_time:
            await self._take()
            if self._taken is None:
                with suppress(ProposalOvertaken):
                    await self._publish()

    async def _take(self) -> None:
        async with self._database.reading() as session:
            shared = IndexVersions(session)
            state = await shared.state()
            if state is None or (state == self._taken and self._versions.served() == state.served):
                return
            there = await shared.collections()
            for number, collection in there.items():
                if self._versions.collection(number) == collection or not (files := await shared.files(number)):
                    continue
                is_candidate = number == state.candidate
                await asyncio.to_thread(self._versions.adopt, number, files, as_candidate=is_candidate)
        await asyncio.to_thread(self._versions.follow, state.served, state.candidate, there.keys())
        self._taken = state

    async def _publish(self) -> None:
        state = SharedState(self._versions.served(), self._versions.candidate())
        async with self._database.writing(LOCK) as session:
            shared = IndexVersions(session)
            theirs = await shared.state()
            if theirs == self._taken:
                standing = {*self._versions.numbers(), *((state.candidate,) if state.candidate else ())}
                there = await shared.collections()
                for number in standing - there.keys():
                    collection, files = await asyncio.to_thread(self._versions.packed, number)
                    await shared.keep(number, collection, files)
                await shared.drop(there.keys() - standing)
                await shared.point(state)
                await asyncio.to_thread(self._versions.published)
                self._taken = state
                return
        assert theirs is not None, "what was published stays"
        if (mine := state.candidate) is not None and (self._taken is None or mine != self._taken.candidate):
            await asyncio.to_thread(self._versions.discard, mine)  # another one's may have its number
        await self._take()
        raise ProposalOvertaken(theirs.candidate or next(iter(theirs.served), None))

    async def _remove_strays(self) -> None:
        server = self._versions.server
        if server is None:
            return
        async with self._database.reading() as session:
            kept = await IndexVersions(session).collections()
        with suppress(ChromaUnavailable):
            for name in await asyncio.to_thread(server.names):
                if name.startswith(COLLECTIONS) and _is_old(name) and not {name, _of_records(name)} & {*kept.values()}:
                    await asyncio.to_thread(server.remove, name)


def _of_records(name: str) -> str:
    return name.removesuffix(documents_of(""))


def _is_old(name: str) -> bool:
    """Its name tells when it was begun: `triage-<number>-<seconds>-<random>`."""
    began = name.split("-")[2:3]
    return bool(began) and began[0].isdecimal() and time.time() - int(began[0]) > STRAY_AFTER_S
