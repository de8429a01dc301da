"""Build beside what serves, and judge it: computing alone, no store and no platform."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.bot import Bot
from bot.clock import Clock
from bot.evaluation import Labelled, Verdict, judge
from bot.index.build import Progress
from bot.index.diff import coverage
from bot.index.documents import DocumentsDiff, documents_diff
from bot.index.index import Comparison, Index
from bot.index.version import IndexVersion
from bot.refresh.proposal import Proposal
from bot.retrieval.documents import DocumentCatalogue
from bot.retrieval.encoder import Encoder

TELL_EVERY_S = 0.5
BUILT = 0.5
"""How much of the whole the building is; the rest is the judging."""


@dataclass(frozen=True, slots=True)
class Proposer:
    """Makes proposals for one index. `labelled` are the messages that both versions answer."""

    index: Index
    encoder: Encoder
    labelled: Sequence[Labelled]
    clock: Clock

    def propose(self, who: str, progress: Progress, *, anyway: bool = False) -> Proposal | Comparison:
        """Build and judge a candidate; the comparison alone where nothing changed, unless it is to be built `anyway`.

        `who` is told to others who want to build meanwhile. Raises IndexBusy, HomeUnwritable, KnowledgeMissing,
        KnowledgeInvalid, IndexDamaged, EncoderUnavailable; the version that serves is untouched, whatever happens.
        """
        started, today = time.monotonic(), self.clock().date()
        with self.index.building(who):
            progress = self._told(progress)
            progress("reading the knowledge", 0.0)
            comparison = self.index.compare(today, progress)
            if comparison.unchanged and not anyway:
                return comparison
            proposals: list[Proposal] = []

            def judged(candidate: IndexVersion) -> str:
                verdict = self._verdict(comparison.base, candidate, today, progress)
                proposals.append(
                    Proposal(
                        number=candidate.number,
                        base=comparison.base,
                        who=who,
                        made_at=self.clock(),
                        took_s=round(time.monotonic() - started, 1),
                        barriers=candidate.manifest.barriers,
                        records=candidate.manifest.records,
                        coverage=coverage(candidate.knowledge),
                        diff=comparison.diff,
                        documents=self._documents(comparison.base, candidate),
                        verdict=verdict,
                    )
                )
                return proposals[0].model_dump_json()

            self.index.build_candidate(
                comparison.source, lambda what, done: progress(what, BUILT * done), judged=judged
            )
            progress("ready", 1.0)
            return proposals[0]

    def _told(self, progress: Progress) -> Progress:
        """Tell the others who wait, too, but not more often than they look."""
        told_at = 0.0

        def telling(what: str, done: float) -> None:
            nonlocal told_at
            progress(what, done)
            if time.monotonic() >= told_at + TELL_EVERY_S:
                told_at = time.monotonic()
                self.index.versions.note(what, done)

        return telling

    def _documents(self, base: int | None, candidate: IndexVersion) -> DocumentsDiff:
        """Tell what differs, now with the barriers that each document helps with."""
        if base is None:
            return documents_diff(DocumentCatalogue(), candidate.catalogue)
        serving = self.index.versions.open(base)
        try:
            return documents_diff(serving.catalogue, candidate.catalogue)
        finally:
            serving.close()

    def _verdict(self, base: int | None, candidate: IndexVersion, today: date, progress: Progress) -> Verdict | None:
        if base is None:
            return None
        serving = self.index.versions.open(base)
        try:
            before, after = (Bot(version, self.encoder, lambda: today) for version in (serving, candidate))

            def on_judged(done: int, of: int) -> None:
                progress("answering labelled messages", BUILT + (1 - BUILT) * done / of)

            return judge(self.labelled, before, after, on_judged)
        finally:
            serving.close()
