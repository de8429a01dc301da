"""The index versions of one home: the current one opened, built when there is none; the next one built beside it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bot.documents import DocumentLibrary
from bot.errors import IndexDamaged, IndexMissing
from bot.index.build import PACKAGED_VECTORS, Progress, build
from bot.index.diff import KnowledgeDiff, diff
from bot.index.documents import DocumentsDiff, catalogue_of, documents_diff, documents_hash
from bot.index.source import KnowledgeSource, changed_files, fingerprint, read_source
from bot.index.vectors import VectorCache
from bot.index.version import IndexVersion
from bot.index.version_store import LOCK_WAIT_S, VersionStore
from bot.retrieval.chroma import ChromaServer
from bot.retrieval.documents import DocumentCatalogue
from bot.retrieval.encoder import Encoder


def _silent(_what: str, _done: float) -> None:
    pass


Notify = Callable[[str], None]
"""Called with a sentence for the person who waits."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """`changed` names the knowledge files that differ from what the version was built from."""

    version: IndexVersion
    changed: tuple[str, ...]
    kept: tuple[int, ...]
    candidate: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the knowledge files say, against the version that serves.

    `base` is that version's number; it and `diff` are None where none serves that could be read, or where it was built
    with another encoder. `unchanged`: there is nothing to build.
    """

    source: KnowledgeSource
    base: int | None
    diff: KnowledgeDiff | None
    documents: DocumentsDiff
    unchanged: bool


class Index:
    """Serves versions from `home`, builds them from the knowledge in `folder`. Never reads the clock itself."""

    def __init__(
        self, home: Path, folder: Path, encoder: Encoder, library: DocumentLibrary | None = None, *,
        server: ChromaServer | None = None, lock_wait_s: float = LOCK_WAIT_S,
    ) -> None:  # fmt: skip
        self.versions = VersionStore(home, server)
        self._folder = folder
        self._encoder = encoder
        self._library = library
        self._cache = VectorCache(home / "cache" / "vectors.sqlite", PACKAGED_VECTORS)
        self._lock_wait_s = lock_wait_s

    def open(self, today: date, progress: Progress, notify: Notify, *, up_to_date: bool = False) -> IndexVersion:
        """Return the current version, built first when there is none, when it is damaged or by another encoder.

        Where it is to be `up_to_date`, also when a knowledge file changed. The first process builds under a lock,
        others wait. What is built so is without documents: an admin sees them first, in a refresh. Raises IndexBusy,
        HomeUnwritable, KnowledgeInvalid.
        """
        if (version := self._current_that_fits()) and not (up_to_date and self.changed_since(version)):
            return version
        with self.building():
            try:
                version = self._opened_current()
                fits = self._fits(version)
                if fits and not (up_to_date and self.changed_since(version)):  # another process was first
                    return version
                version.close()
                if not fits:
                    notify(self._why_not(version))
            except IndexMissing:
                notify("First run: building the knowledge index.")
            except IndexDamaged as damage:
                notify(f"The index was damaged ({damage.what}). Building it again.")
            progress("reading the knowledge", 0.0)
            number = self.build_candidate(read_source(self._folder, today), progress)
            self.versions.promote(number)
            return self.versions.open(number)

    @contextmanager
    def building(self, who: str = "") -> Generator[None]:
        """Hold the right to build. Raises IndexBusy, which names `who` holds it; HomeUnwritable."""
        with self.versions.locked(self._lock_wait_s, who):
            yield

    def compare(self, today: date, progress: Progress = _silent) -> Comparison:
        """Read and check the knowledge and the documents, and tell what differs from what serves.

        Raises KnowledgeMissing, KnowledgeInvalid with every problem, DocumentsMissing, DocumentSourceInvalid.
        """
        source = read_source(self._folder, today)
        if self._library is not None:
            documents = self._library.read(lambda done, of: progress("reading documents", 0.1 * done / of))
            source = replace(source, documents=documents)
        read = catalogue_of(source.documents)
        current = self._current_that_fits()
        without = Comparison(source, None, None, documents_diff(DocumentCatalogue(), read), unchanged=False)
        if current is None:
            return without
        try:
            current.vectors.count()  # Chroma, too, must still read it
            documents = documents_diff(current.catalogue, read)
        except IndexDamaged:
            return without
        finally:
            current.close()
        files_differ = bool(changed_files(current.manifest.knowledge_files, source.fingerprint))
        documents_differ = current.manifest.documents_hash != documents_hash(source.documents)
        return Comparison(
            source,
            current.number,
            diff(current.knowledge, source.knowledge),
            documents,
            unchanged=not (files_differ or documents_differ),
        )

    def build_candidate(
        self, source: KnowledgeSource, progress: Progress, judged: Callable[[IndexVersion], str] | None = None
    ) -> int:
        """Build a version beside what serves and verify it; its number. Needs the right to build.

        What `judged` returns of it is kept with it: there is no candidate without it. Raises HomeUnwritable,
        IndexDamaged, EncoderUnavailable; nothing is left of what failed.
        """
        number = self.versions.next_number()
        with self.versions.new_folder() as folder:
            build(source, number, self._encoder, self._cache, folder, progress, self.versions.server)
            proposal = None
            if judged:
                version = IndexVersion(folder, self.versions.server)
                try:
                    proposal = judged(version)
                finally:
                    version.close()
            self.versions.keep(folder, number, proposal)
        return number

    def status(self) -> IndexStatus:
        """Raises IndexMissing or IndexDamaged."""
        version = self.versions.open_current()
        candidate = self.versions.candidate()
        return IndexStatus(version, self.changed_since(version), tuple(self.versions.numbers()), candidate)

    def lacks_documents(self, version: IndexVersion) -> bool:
        """Tell whether there are folders of documents, and `version` was built without any."""
        return self._library is not None and bool(self._library.sources) and not version.manifest.documents_hash

    def changed_since(self, version: IndexVersion) -> tuple[str, ...]:
        """Return the names of the knowledge files that differ from what `version` was built from."""
        return changed_files(version.manifest.knowledge_files, fingerprint(self._folder))

    def _current_that_fits(self) -> IndexVersion | None:
        with suppress(IndexMissing, IndexDamaged):
            version = self._opened_current()
            if self._fits(version):
                return version
            version.close()
        return None

    def _opened_current(self) -> IndexVersion:
        version = self.versions.open_current()
        if self._fits(version) and version.manifest.collection is not None:
            _ = version.vectors  # whole files say nothing of what a server holds
        return version

    def _why_not(self, version: IndexVersion) -> str:
        if version.manifest.encoder != self._encoder.id:
            return f"The index was built with another encoder ({version.manifest.encoder}). Building anew."
        return "The index keeps its vectors elsewhere than CHROMA_URL now says. Building anew."

    def _fits(self, version: IndexVersion) -> bool:
        is_served = version.manifest.collection is not None
        return version.manifest.encoder == self._encoder.id and is_served == (self.versions.server is not None)
