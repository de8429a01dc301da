"""Index versions that several hosts serve: which, and their files. The vectors are on a Chroma server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import IndexPointer, IndexVersionFiles

ONLY = 1
"""There is one pointer."""


@dataclass(frozen=True, slots=True)
class SharedState:
    """`served` are the versions that a rollback goes back through, the one that serves first."""

    served: tuple[int, ...]
    candidate: int | None


class IndexVersions:
    """In one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def state(self) -> SharedState | None:
        """Return what serves; None before the first host said so."""
        found = await self._session.get(IndexPointer, ONLY)
        return SharedState(tuple(found.served), found.candidate) if found else None

    async def point(self, state: SharedState) -> None:
        """Let another state hold."""
        await self._session.merge(IndexPointer(id=ONLY, served=[*state.served], candidate=state.candidate))

    async def drop(self, numbers: Iterable[int]) -> None:
        await self._session.execute(delete(IndexVersionFiles).where(IndexVersionFiles.number.in_(numbers)))

    async def collections(self) -> Mapping[int, str]:
        """Return the versions there are, with the names of their vectors on the server."""
        rows = await self._session.execute(select(IndexVersionFiles.number, IndexVersionFiles.collection))
        return {row.number: row.collection for row in rows}

    async def files(self, number: int) -> bytes | None:
        """Return a version's files, packed; None where it was dropped meanwhile."""
        return await self._session.scalar(select(IndexVersionFiles.files).where(IndexVersionFiles.number == number))

    async def keep(self, number: int, collection: str, files: bytes) -> None:
        await self._session.merge(IndexVersionFiles(number=number, collection=collection, files=files))
