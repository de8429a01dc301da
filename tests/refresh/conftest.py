from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from bot.evaluation import Labelled
from bot.index.index import Comparison
from bot.knowledge import load_knowledge
from bot.refresh.administration import Act, Admin, Administration
from bot.refresh.proposal import Proposal
from bot.refresh.proposing import Proposer
from bot.store import Database
from tests.index.desk import Desk, desk, original

__all__ = ["desk", "original"]

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANA = Admin("T1", "U1")
Done = TypeVar("Done")
DAYS = ("mondays", "tuesdays", "wednesdays", "thursdays", "fridays")


@dataclass
class Office:
    """An index of the small knowledge folder, who proposes for it, and who decides on it."""

    desk: Desk
    told: list[tuple[str, float]] = field(default_factory=list)

    def act(self, act: Callable[[Administration], Awaitable[Done]]) -> Done:
        """Let somebody act, on the store of the desk's home."""

        async def acting() -> Done:
            database = Database(self.desk.home)
            try:
                await database.migrate()
                return await act(Administration(self.desk.index.versions, database, lambda: NOW))
            finally:
                await database.close()

        return asyncio.run(acting())

    def history(self) -> Sequence[Act]:
        return self.act(lambda desk: desk.history())

    def propose(self, *, anyway: bool = False) -> Proposal | Comparison:
        theme_of = {barrier.id: barrier.theme for barrier in load_knowledge(self.desk.small.path, NOW.date()).barriers}
        labelled = [
            Labelled(id=f"{id} {day}", text=f"{id} hurts on {day}", scope="in", theme=theme_of[id], barriers=(id,))
            for id in ("ORG-01", "TEC-01")
            for day in DAYS
        ]
        proposer = Proposer(self.desk.index, self.desk.encoder, labelled, lambda: NOW)
        return proposer.propose("ana", lambda what, done: self.told.append((what, done)), anyway=anyway)

    def proposed(self) -> Proposal:
        proposal = self.propose(anyway=True)
        assert isinstance(proposal, Proposal)
        return proposal

    def serving(self) -> int | None:
        return self.desk.index.versions.current_number()


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)
