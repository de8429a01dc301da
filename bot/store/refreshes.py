"""Refreshes that were asked for on a platform: where each is told of."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Refresh


class Refreshes:
    """Refreshes in one transaction. What is saved replaces what was found."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, id: str) -> Refresh | None:
        return await self._session.get(Refresh, id)

    async def save(self, refresh: Refresh) -> None:
        await self._session.merge(refresh)

    async def of_version(self, number: int) -> Sequence[Refresh]:
        """Return those that this version came of, the latest first."""
        found = select(Refresh).where(Refresh.number == number).order_by(Refresh.asked_at.desc())
        return list(await self._session.scalars(found))
