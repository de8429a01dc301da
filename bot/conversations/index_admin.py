"""What admins do with the index from a platform: refresh, promote, discard, roll back. The same in every channel."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Protocol

import structlog

from bot.clock import Clock
from bot.conversations.channel import Channel, NotDelivered
from bot.conversations.message_view import IndexChange
from bot.conversations.refresh_message import LINES_SHOWN, RefreshMessage, proposal_view
from bot.errors import GateClosed, IndexBusy, ReasonTooShort, TriageError
from bot.index.version_store import Builder
from bot.refresh.administration import Admin, Administration, in_a_line
from bot.refresh.proposal import Compared, Proposal
from bot.sentences import counted
from bot.store import Database, Refreshes, Room
from bot.store.tables import Refresh

REFUSED = "That is for this workspace's admins and owners, and for whom its operators name. Ask one of them."
NOBODY_TELLS = "I could not find out whether you are an admin. Try again in a moment; nothing was changed."
UNDER_WAY = "I compare the knowledge files with what serves, and tell you in a direct message how it goes."
CRASHED = "Building failed for a reason that should not be; the log has it. What serves is unchanged."
TELL_EVERY_S = 2.0
PROBLEMS_SHOWN, ACTS_SHOWN = 12, 8
BUILDING_TRIES = 3
"""A process that dies thrice on the same files does so for a reason."""

_COMMAND = re.compile(
    r"(?P<act>refresh|history)"
    r"|(?P<decide>promote|discard|rollback)(?:\s+(?:index\s+)?(?P<number>\d{1,9})\b[,:]?\s*(?P<why>.*))?",
    re.IGNORECASE | re.DOTALL,
)

Start = Callable[[str], Awaitable[None]]
"""Starts the workflow of the refresh of that id; one that was started before is not started again."""

log = structlog.get_logger()


class Building(Protocol):
    """Compares and builds, away from who answers. Both raise TriageError, and anything where their process dies."""

    async def compare(self) -> Compared: ...

    async def propose(self, who: str) -> Proposal | None:
        """Build and judge a candidate; None where there was nothing to build."""
        ...


class IndexAdmin:
    """`named` are ids of people who are admins whatever their platform says."""

    def __init__(
        self, channels: Mapping[str, Channel], database: Database, administration: Administration, building: Building,
        start: Start, named: frozenset[str], clock: Clock,
    ) -> None:  # fmt: skip
        self._channels = channels
        self._database = database
        self._administration = administration
        self._building = building
        self._start = start
        self._named = named
        self._clock = clock

    async def command(self, room: Room, person: str, text: str, id: str) -> str | None:
        """Do what an admin typed, and tell what was done; None where it is no such command.

        `id` is the command's own: told again, it begins no second refresh.
        """
        asked = _COMMAND.fullmatch(text.strip())
        if asked is None:
            return None
        number = int(asked["number"]) if asked["number"] else None
        match (asked["act"] or asked["decide"]).lower():
            case "refresh":
                return await self._as_admin(room, person, "refresh", lambda: self._begin(room, person, id))
            case "history":
                return await self._as_admin(room, person, "history", self._history)
            case "promote":
                return await self.promote(room, person, number, asked["why"])
            case "discard":
                return await self.discard(room, person, number)
            case _:
                return await self._roll_back(room, person, number)

    async def promote(self, room: Room, person: str, number: int | None, reason: str | None) -> str:
        """Let the candidate serve; a sentence for who asked for it."""

        async def promoting() -> str:
            proposal = self._administration.proposal(number)
            try:
                done = await self._administration.promote(Admin(room.workspace, person), proposal.number, reason)
            except GateClosed as closed:
                return f"{closed} Give a reason to let it serve all the same."
            against = ", against the gate" if done.overridden else ""
            said = f"Index {done.number} serves now{against}."
            await self._decided(proposal, said)
            return said

        return await self._as_admin(room, person, "promote", promoting)

    async def discard(self, room: Room, person: str, number: int | None) -> str:
        """Remove the candidate; a sentence for who asked for it."""

        async def discarding() -> str:
            proposal = self._administration.proposal(number)
            await self._administration.discard(Admin(room.workspace, person), proposal.number)
            said = f"Index {proposal.number} is removed. What serves is unchanged."
            await self._decided(proposal, said)
            return said

        return await self._as_admin(room, person, "discard", discarding)

    async def run(self, id: str, attempt: int) -> None:
        """Do the refresh of that id, and tell its admin how it goes. May be repeated.

        Raises NotDelivered when what came of it could not be told, and what killed the building, until it was tried
        BUILDING_TRIES times; `attempt` counts from 1.
        """
        async with self._database.reading() as session:
            refresh = await Refreshes(session).get(id)
        if refresh is None or refresh.done_at is not None:
            return
        shown = RefreshMessage(self._channels[refresh.channel], self._database, refresh)
        try:
            change, number = await self._proposed(refresh, shown)
        except TriageError as error:
            await self._administration.failed(Admin(refresh.workspace, refresh.person), error)
            change, number = _failed(error), None
        except Exception:
            log.exception("refresh failed", refresh=id, attempt=attempt)
            if attempt < BUILDING_TRIES:
                raise
            change, number = IndexChange(CRASHED), None
        await shown.save(number=number)
        await shown.show(change)
        await shown.save(done_at=self._clock())

    async def _proposed(self, refresh: Refresh, shown: RefreshMessage) -> tuple[IndexChange, int | None]:
        if refresh.number is not None:  # built already: only the telling failed
            return proposal_view(self._administration.proposal(refresh.number)), refresh.number
        compared = await self._building.compare()
        if compared.unchanged:
            return IndexChange(f"Nothing to build: index {compared.base} has what the knowledge files say."), None
        lines = tuple(compared.lines[:LINES_SHOWN])
        await shown.show_if_possible(IndexChange(_beside(compared.base, None), lines))
        task = asyncio.ensure_future(self._building.propose(f"{refresh.person} in {refresh.channel.capitalize()}"))
        try:
            while not (await asyncio.wait({task}, timeout=TELL_EVERY_S))[0]:
                headline = _beside(compared.base, self._administration.builder())
                await shown.show_if_possible(IndexChange(headline, lines))
            proposal = task.result()
        finally:
            task.cancel()
        if proposal is None:
            return IndexChange("Nothing to build any more: somebody else has refreshed the index."), None
        await self._administration.proposed(Admin(refresh.workspace, refresh.person), proposal)
        return proposal_view(proposal), proposal.number

    async def _begin(self, room: Room, person: str, id: str) -> str:
        builder = self._administration.builder()
        async with self._database.writing() as session:
            refreshes = Refreshes(session)
            if await refreshes.get(id) is None:
                await refreshes.save(
                    Refresh(
                        id=id, channel=room.channel, workspace=room.workspace, person=person, asked_at=self._clock()
                    )
                )  # fmt: skip
        await self._start(id)
        return UNDER_WAY if builder is None else f"{UNDER_WAY} Right now it is being built by {builder.named}."

    async def _roll_back(self, room: Room, person: str, number: int | None) -> str:
        async def rolling_back() -> str:
            now, before = await self._administration.roll_back(Admin(room.workspace, person), number)
            return f"Index {now} serves, in the place of {before}."

        return await self._as_admin(room, person, "rollback", rolling_back)

    async def _history(self) -> str:
        acts = await self._administration.history(ACTS_SHOWN)
        return "\n".join(map(in_a_line, acts)) or "Nothing was done yet."

    async def _as_admin(self, room: Room, person: str, what: str, act: Callable[[], Awaitable[str]]) -> str:
        try:
            allowed = person in self._named or await self._channels[room.channel].is_admin(room, person)
        except NotDelivered:
            return NOBODY_TELLS
        if not allowed:
            await self._administration.refused(Admin(room.workspace, person), what)
            return REFUSED
        try:
            return await act()
        except ReasonTooShort as error:
            return str(error)
        except TriageError as error:
            log.warning("an admin's act failed", act=what, reason=str(error))
            return _for_a_platform(error)

    async def _decided(self, proposal: Proposal, said: str) -> None:
        """Say so in the messages that offered it, whose buttons go."""
        decided = replace(proposal_view(proposal), headline=said, offers="nothing")
        async with self._database.reading() as session:
            told = await Refreshes(session).of_version(proposal.number)
        for refresh in told:
            if refresh.posted is not None:
                shown = RefreshMessage(self._channels[refresh.channel], self._database, refresh)
                await shown.show_if_possible(decided)


def _beside(base: int | None, builder: Builder | None) -> str:
    beside = f" beside index {base}" if base is not None else ""
    if builder is None or not builder.what:
        return f"Building an index{beside}."
    return f"Building an index{beside}: {builder.what}, {builder.done:.0%}."


def _failed(error: TriageError) -> IndexChange:
    first, *others = str(error).splitlines()
    if not others:
        return IndexChange(_for_a_platform(error))
    problems = others[:-1]
    more = (f"and {len(problems) + 1 - PROBLEMS_SHOWN} more",) if len(problems) >= PROBLEMS_SHOWN else ()
    return IndexChange(
        f"{counted(len(problems) + 1, 'problem')} in the knowledge files. What serves is unchanged.",
        (first, *problems[: PROBLEMS_SHOWN - 1], *more),
    )


def _for_a_platform(error: TriageError) -> str:
    """Leave out the shell's commands and where things are on the machine, but not who builds."""
    if isinstance(error, IndexBusy):
        return f"The index is being built by {error.holder}. Try again when it is done."
    said = re.sub(r" ?(?:Build (?:one|it again): |See: |Run: )?triage index \w+\.?", "", str(error))
    return re.sub(r"(?<!\S)/\S+", "(the home)", said)
