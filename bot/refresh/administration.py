"""What an admin decides about the index: promoted, discarded, rolled back. Every act is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from bot.clock import Clock
from bot.errors import CandidateUnknown, GateClosed, ReasonTooShort, TriageError
from bot.evaluation.gate import Loss
from bot.index.version_store import Builder, VersionStore
from bot.refresh.figure import REASON_CHARACTERS
from bot.refresh.outline import in_words
from bot.refresh.proposal import Proposal
from bot.refresh.shared import SharedIndex
from bot.sentences import shortened
from bot.store import AuditLog, Database

PROPOSED, PROMOTED, OVERRIDDEN = "index proposed", "index promoted", "index promoted against the gate"
DISCARDED, ROLLED_BACK, FAILED = "index discarded", "index rolled back", "index refresh failed"
REFUSED = "index change refused"
DOCUMENTS_CHANGED = "documents changed"
ACTS = (PROPOSED, PROMOTED, OVERRIDDEN, DISCARDED, ROLLED_BACK, FAILED, REFUSED, DOCUMENTS_CHANGED)
REASON_AT_LEAST = 8
"""What takes typing: a reason, not a key that was hit."""


@dataclass(frozen=True, slots=True)
class Admin:
    """Who acts, as the platform names them; at a shell the user and the host."""

    workspace: str
    person: str


@dataclass(frozen=True, slots=True)
class Act:
    """A line of the history."""

    at: datetime
    workspace: str
    person: str
    what: str
    number: int | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Promoted:
    """`dropped` are the versions that were removed for it; `overridden` what the gate had against it."""

    number: int
    dropped: tuple[int, ...]
    overridden: tuple[Loss, ...]


class Administration:
    """Decides on the versions of one home. What is done is done, also where recording it fails."""

    def __init__(
        self, versions: VersionStore, database: Database, clock: Clock, shared: SharedIndex | None = None
    ) -> None:
        self._versions = versions
        self._database = database
        self._clock = clock
        self._shared = shared

    def proposal(self, number: int | None = None) -> Proposal:
        """Return what is known of the candidate. Raises CandidateUnknown when there is none, or none of that number."""
        candidate = self._candidate(number)
        try:
            return Proposal.model_validate_json(self._versions.read_proposal(candidate) or "")
        except ValidationError as error:
            raise CandidateUnknown(candidate, None) from error

    def builder(self) -> Builder | None:
        """Tell who builds right now, and how far that is."""
        return self._versions.builder()

    async def proposed(self, admin: Admin, proposal: Proposal) -> None:
        async with self._acting():
            pass  # others are to have it, too
        await self._record(admin, PROPOSED, proposal.number, _figures(proposal))

    async def failed(self, admin: Admin, error: TriageError) -> None:
        """`error` is of our own kind, so that no text of anybody is in it but file names."""
        await self._record(admin, FAILED, None, {"what": type(error).__name__})

    async def refused(self, admin: Admin, what: str) -> None:
        """Record that somebody who is no admin tried."""
        await self._record(admin, REFUSED, None, {"what": what})

    async def documents_changed(self, admin: Admin, what: str, name: str, details: dict[str, Any]) -> None:
        """Record that a folder of documents was added or removed, or what a document helps with."""
        await self._record(admin, DOCUMENTS_CHANGED, None, {"what": f"{what} {name}", **details})

    async def promote(self, admin: Admin, number: int | None = None, reason: str | None = None) -> Promoted:
        """Let the candidate serve. `reason` overrides the gate.

        Raises CandidateUnknown, ProposalStale, ReasonTooShort, HomeUnwritable, and GateClosed with every loss.
        """
        async with self._acting():
            proposal, losses, reason, dropped = await self._promoted(number, reason)
        details = _figures(proposal) | {"dropped": dropped} | ({"reason": reason} if losses else {})
        await self._record(admin, OVERRIDDEN if losses else PROMOTED, proposal.number, details)
        return Promoted(proposal.number, tuple(dropped), losses)

    async def _promoted(
        self, number: int | None, reason: str | None
    ) -> tuple[Proposal, tuple[Loss, ...], str | None, list[int]]:
        proposal = self.proposal(number)
        losses = proposal.verdict.losses if proposal.verdict else ()
        reason = " ".join((reason or "").split())[:REASON_CHARACTERS] or None
        if losses and reason is None:
            raise GateClosed(proposal.number, [in_words(loss) for loss in losses])
        if losses and reason and len(reason) < REASON_AT_LEAST:
            raise ReasonTooShort(REASON_AT_LEAST)
        dropped = await asyncio.to_thread(self._versions.promote, proposal.number, instead_of=proposal.base)
        return proposal, losses, reason, dropped

    async def discard(self, admin: Admin, number: int | None = None) -> int:
        """Remove the candidate; its number. Raises CandidateUnknown."""
        async with self._acting():
            candidate = self._candidate(number)
            await asyncio.to_thread(self._versions.discard, candidate)
        await self._record(admin, DISCARDED, candidate, {})
        return candidate

    async def roll_back(self, admin: Admin, to: int | None = None) -> tuple[int, int | None]:
        """Let the version serve that served before, or the one named; its number, and what served until now.

        Raises VersionUnknown when it is not kept.
        """
        async with self._acting():
            before, now = await asyncio.to_thread(self._versions.roll_back, to)
        await self._record(admin, ROLLED_BACK, now, {"from": before})
        return now, before

    def _acting(self) -> AbstractAsyncContextManager[None]:
        return self._shared.acting() if self._shared else nullcontext()

    async def history(self, most: int = 20) -> Sequence[Act]:
        """Return the last acts, the latest first."""
        async with self._database.reading() as session:
            acts = await AuditLog(session).latest(ACTS, most)
        return [
            Act(act.at, act.workspace, act.actor, act.act, int(act.subject) if act.subject else None, act.details)
            for act in acts
        ]

    def _candidate(self, number: int | None) -> int:
        candidate = self._versions.candidate()
        if candidate is None or number not in (None, candidate):
            raise CandidateUnknown(number, candidate)
        return candidate

    async def _record(self, admin: Admin, act: str, number: int | None, details: dict[str, Any]) -> None:
        subject = "" if number is None else str(number)
        async with self._database.writing() as session:
            AuditLog(session).add(self._clock(), admin.workspace, admin.person, act, subject, details)


def in_a_line(act: Act) -> str:
    """Tell who did what, when, and the figures."""
    number = f" {act.number}" if act.number is not None else ""
    figures = f": {said}" if (said := figures_of(act)) else ""
    return f"{act.at:%Y-%m-%d %H:%M} {act.person} {act.what}{number}{figures}"


def figures_of(act: Act) -> str:
    """Tell what was kept of an act."""
    details = act.details
    parts = [
        f"from {details['from']}" if "from" in details else "",
        f"against {details['base']}" if details.get("base") else "",
        *(f"{name} {shortened(details[name])}" for name in ("added", "changed", "removed") if details.get(name)),
        f"{details['answers_changed']} answers change" if details.get("answers_changed") else "",
        f"loses {'; '.join(details['losses'])}" if details.get("losses") else "",
        _counts(details["documents"]) if details.get("documents") else "",
        f"because “{details['reason']}”" if details.get("reason") else "",
        f"dropped {shortened([str(each) for each in details['dropped']])}" if details.get("dropped") else "",
        str(details.get("what", "")),
    ]
    return ", ".join(part for part in parts if part)


def _counts(documents: dict[str, int]) -> str:
    return f"documents {', '.join(f'{count} {what}' for what, count in documents.items() if count)}"


def _figures(proposal: Proposal) -> dict[str, Any]:
    diff, verdict = proposal.diff, proposal.verdict
    figures: dict[str, Any] = {"base": proposal.base, "barriers": proposal.barriers, "records": proposal.records}
    if diff:
        figures |= {"added": diff.added, "changed": [each.id for each in diff.changed], "removed": diff.removed}
    documents = proposal.documents
    if not documents.empty:
        counts = {"added": documents.added, "changed": documents.changed, "removed": documents.removed}
        figures["documents"] = {name: len(each) for name, each in counts.items()}
    if verdict:
        figures |= {
            "measures": {
                after.name: [before.value, after.value]
                for before, after in zip(verdict.before.measures, verdict.after.measures, strict=True)
            },
            "losses": [in_words(loss) for loss in verdict.losses],
            "answers_changed": len(verdict.changed),
        }
    return figures
