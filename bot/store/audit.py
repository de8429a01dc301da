"""Who did what, when: acts that others may ask about later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Audit


class AuditLog:
    """Acts, in one transaction. They are added, and never changed."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, at: datetime, workspace: str, actor: str, act: str, subject: str, details: dict[str, Any]) -> None:
        """`details` hold no message's text."""
        self._session.add(Audit(at=at, workspace=workspace, actor=actor, act=act, subject=subject, details=details))

    async def latest(self, acts: Sequence[str], most: int) -> Sequence[Audit]:
        """Return the last of these acts, the latest first, whatever the workspace."""
        found = select(Audit).where(Audit.act.in_(acts)).order_by(Audit.at.desc(), Audit.id.desc())
        return list(await self._session.scalars(found.limit(most)))
