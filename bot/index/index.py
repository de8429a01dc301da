"""The one current index version: opened, built when there is none, refreshed on demand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.errors import IndexDamaged, IndexMissing
from bot.index.build import PACKAGED_VECTORS, Progress, build
from bot.index.diff import KnowledgeDiff, diff
from bot.index.source import KnowledgeSource, changed_files, fingerprint, read_source
from bot.index.vectors import VectorCache
from bot.index.version import IndexVersion
from bot.index.version_store import LOCK_WAIT_S, VersionStore
from bot.retrieval.encoder import Encoder

Notify = Callable[[str], None]
"""Called with a sentence for the person who waits."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """`changed` names the knowledge files that differ from what the version was built from."""

    version: IndexVersion
    changed: tuple[str, ...]
    kept: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did; `version` is None when it was a dry run or nothing had changed."""

    diff: KnowledgeDiff | None
    version: IndexVersion | None
    dropped: tuple[int, ...] = ()


class Index:
    """Serves versions from `home`, builds them from the knowledge in `folder`. Never reads the clock itself."""

    def __init__(self, home: Path, folder: Path, encoder: Encoder, *, lock_wait_s: float = LOCK_WAIT_S) -> None:
        self._versions = VersionStore(home)
        self._folder = folder
        self._encoder = encoder
        self._cache = VectorCache(home / "cache" / "vectors.sqlite", PACKAGED_VECTORS)
        self._lock_wait_s = lock_wait_s

    def open(self, today: date, progress: Progress, notify: Notify) -> IndexVersion:
        """Return the current version, built first when there is none, when it is damaged or by another encoder.

        The first process builds under a lock, others wait. Raises IndexBusy, HomeUnwritable, KnowledgeInvalid.
        """
        with suppress(IndexMissing, IndexDamaged):
            version = self._versions.open_current()
            if self._fits(version):
                return version
        with self._versions.locked(self._lock_wait_s):
            try:
                version = self._versions.open_current()
                if self._fits(version):  # another process was first
                    return version
                notify(f"The index was built with another encoder ({version.manifest.encoder}). Building anew.")
            except IndexMissing:
                notify("First run: building the knowledge index.")
            except IndexDamaged as damage:
                notify(f"The index was damaged ({damage.what}). Building it again.")
            progress("reading the knowledge", 0.0)
            return self._build(read_source(self._folder, today), progress)[0]

    def refresh(self, today: date, progress: Progress, *, dry_run: bool = False) -> Refreshed:
        """Read, check, compare, build beside, verify, promote. What serves is untouched until the new one is whole."""
        progress("reading the knowledge", 0.0)
        source = read_source(self._folder, today)
        with self._versions.locked(self._lock_wait_s):
            try:
                current = self._versions.open_current()
                current.vectors.count()  # Chroma, too, must still read it
                current.close()
            except (IndexMissing, IndexDamaged):
                current = None
            difference = diff(current.knowledge, source.knowledge) if current else None
            unchanged = (
                current is not None
                and self._fits(current)
                and not changed_files(current.manifest.knowledge_files, source.fingerprint)
            )
            if dry_run or unchanged:
                return Refreshed(difference, None)
            version, dropped = self._build(source, progress)
            return Refreshed(difference, version, dropped)

    def status(self) -> IndexStatus:
        """Raises IndexMissing or IndexDamaged."""
        version = self._versions.open_current()
        return IndexStatus(version, self.changed_since(version), tuple(self._versions.numbers()))

    def changed_since(self, version: IndexVersion) -> tuple[str, ...]:
        """Return the names of the knowledge files that differ from what `version` was built from."""
        return changed_files(version.manifest.knowledge_files, fingerprint(self._folder))

    def _build(self, source: KnowledgeSource, progress: Progress) -> tuple[IndexVersion, tuple[int, ...]]:
        number = self._versions.next_number()
        with self._versions.new_folder() as folder:
            build(source, number, self._encoder, self._cache, folder, progress)
            self._versions.promote(folder, number)
        return self._versions.open_current(), tuple(self._versions.drop_old())

    def _fits(self, version: IndexVersion) -> bool:
        return version.manifest.encoder == self._encoder.id
