"""An IndexAdmin with real parts on a home of one's own, where the index itself does not matter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.clock import Clock
from bot.conversations.channel import Channel
from bot.conversations.index_admin import IndexAdmin
from bot.index.version_store import VersionStore
from bot.refresh.administration import Administration
from bot.refresh.proposal import Compared, Proposal
from bot.store import Database


class NothingToBuild:
    """Implements `bot.conversations.index_admin.Building`."""

    async def compare(self) -> Compared:
        return Compared(1, (), unchanged=True)

    async def propose(self, who: str) -> Proposal | None:
        return None


def index_admin(channels: Mapping[str, Channel], database: Database, home: Path, clock: Clock) -> IndexAdmin:
    """Nobody starts what it begins."""

    async def start(_refresh: str) -> None: ...

    administration = Administration(VersionStore(home), database, clock)
    return IndexAdmin(channels, database, administration, NothingToBuild(), start, frozenset(), clock)
