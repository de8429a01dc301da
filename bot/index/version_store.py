"""The folder where index versions stand: which serves, which is a candidate, who builds, what is dropped."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from zipfile import ZIP_DEFLATED, ZipFile

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from bot.clock import utc_now
from bot.errors import HomeUnwritable, IndexBusy, IndexDamaged, IndexMissing, ProposalStale, VersionUnknown
from bot.index.readers import READERS, without_readers
from bot.index.version import IndexVersion, collection_of, forget_collections
from bot.retrieval.chroma import ChromaServer

KEEP = 3
LOCK_WAIT_S = 30.0
MOVE_WAIT_S = 10.0
"""What moving the pointer takes is a moment: who waits longer waits for a process that hangs."""
BUILDING, CANDIDATE, DROPPING, ADOPTING = ".building-", "candidate-", ".dropping-", ".adopting-"
ADOPTED = "adopted"
"""In the folder of a candidate that other hosts have, too."""
PROPOSAL = "proposal.json"


class Builder(BaseModel):
    """Who holds the right to build: `who` is a person's name where one asked. `done` is a share."""

    pid: int
    host: str
    since: datetime
    who: str = ""
    what: str = ""
    done: float = 0.0

    @property
    def named(self) -> str:
        process = f"process {self.pid} on {self.host} since {self.since.isoformat('T', 'seconds')}"
        return f"{self.who} ({process})" if self.who else process


class VersionStore:
    """`<home>/index`: a directory a version, and the file `current`.

    `current` holds the numbers of the versions that served, the one that serves first: what a rollback goes back
    through. A built version that does not serve yet stands as `candidate-<number>`.
    """

    def __init__(self, home: Path, server: ChromaServer | None = None) -> None:
        self.server = server
        self.folder = home / "index"
        self._pointer = self.folder / "current"
        self._last = self.folder / ".last"
        self._holder = self.folder / ".lock-holder"

    def current_number(self) -> int | None:
        """Return the number of the version that serves. Raises IndexDamaged, HomeUnwritable."""
        return next(iter(self.served()), None)

    def served(self) -> tuple[int, ...]:
        """Return the versions that a rollback goes back through, the one that serves first."""
        try:
            numbers = tuple(map(int, self._pointer.read_text(encoding="ascii").split()))
        except FileNotFoundError:
            return ()
        except NotADirectoryError as error:
            raise HomeUnwritable(self.folder, "it is not a directory") from error
        except (ValueError, OSError) as error:
            raise IndexDamaged(self._pointer, "it should hold the number of a version") from error
        if not numbers:
            raise IndexDamaged(self._pointer, "it should hold the number of a version")
        return numbers

    def open_current(self) -> IndexVersion:
        """Raises IndexMissing when there is none yet, IndexDamaged when its files are not whole."""
        number = self.current_number()
        if number is None:
            raise IndexMissing(self.folder)
        return self.open(number)

    def open(self, number: int) -> IndexVersion:
        """Raises IndexDamaged when it is not there or not whole."""
        return IndexVersion(self.folder / str(number), self.server)

    def numbers(self) -> list[int]:
        """Return the versions that stand here, oldest first, without a candidate."""
        return self._numbered("")

    def candidate(self) -> int | None:
        """Return the number of the version that waits to be promoted or discarded."""
        return max(self._numbered(CANDIDATE), default=None)

    @contextmanager
    def locked(self, wait_s: float = LOCK_WAIT_S, who: str = "") -> Generator[None]:
        """Hold the right to build, for one process at a time.

        Raises IndexBusy, which names the holder, after `wait_s` seconds; HomeUnwritable when the folder cannot be made.
        """
        with self._held(".lock", wait_s):
            try:
                with self._writing():
                    about = Builder(pid=os.getpid(), host=socket.gethostname(), since=utc_now(), who=who)
                    self._replace(self._holder, about.model_dump_json())
                yield
            finally:
                with suppress(OSError):
                    self._holder.unlink()

    def note(self, what: str, done: float) -> None:
        """Tell who waits how far the building is, from 0 to 1. Needs the lock."""
        if builder := self.builder():
            with suppress(OSError):
                told = builder.model_copy(update={"what": what, "done": done})
                self._replace(self._holder, told.model_dump_json())

    def builder(self) -> Builder | None:
        """Tell who builds right now; None where nobody does, or it cannot be read."""
        try:
            return Builder.model_validate_json(self._holder.read_bytes())
        except (OSError, ValidationError):
            return None

    @contextmanager
    def new_folder(self) -> Generator[Path]:
        """Make a temporary folder beside the versions; gone afterwards unless it was kept. Needs the lock."""
        self._clear_away(BUILDING)
        try:
            with self._writing():
                folder = Path(mkdtemp(prefix=BUILDING, dir=self.folder))
            yield folder
        finally:
            self._clear_away(BUILDING)

    def next_number(self) -> int:
        """Return a number that no version had before, discarded ones included."""
        last = 0
        with suppress(OSError, ValueError):
            last = int(self._last.read_text(encoding="ascii"))
        return max([last, *self.numbers(), *self._numbered(CANDIDATE)]) + 1

    def keep(self, folder: Path, number: int, proposal: str | None = None) -> None:
        """Let a built folder stand as the candidate, in the place of an earlier one. Needs the lock.

        `proposal` is what was found out about it, kept beside its files.
        """
        with self._moving(), self._writing():
            if proposal is not None:
                (folder / PROPOSAL).write_text(proposal, encoding="utf-8")
            self._replace(self._last, str(number))
            for earlier in self._numbered(CANDIDATE):
                self._forget_vectors(self._candidate(earlier))
                shutil.rmtree(self._candidate(earlier))
            folder.rename(self._candidate(number))

    def promote(self, number: int, *, instead_of: int | None = None) -> list[int]:
        """Let the candidate, or a version that served before, serve: at once for every reader.

        Returns the numbers of the versions that were dropped: all but the last KEEP that served. One that a process
        still reads is dropped another time. Raises VersionUnknown, HomeUnwritable, and ProposalStale where another
        version than `instead_of` serves meanwhile.
        """
        with self._moving():
            served = self._served_or_none()
            current = next(iter(served), None)
            if instead_of is not None and instead_of != current:
                raise ProposalStale(number, instead_of, current)
            final = self.folder / str(number)
            with self._writing():
                if self._candidate(number).is_dir():
                    if final.exists():  # a damaged version of that number
                        shutil.rmtree(final)
                    self._candidate(number).rename(final)
                elif not final.is_dir():
                    raise VersionUnknown(number, self.numbers())
                self._point_at([number, *(each for each in served if each != number)])
            return self._drop_old()

    def roll_back(self, to: int | None = None) -> tuple[int | None, int]:
        """Let the version serve that served before, or the one named; what served until now, and what serves now.

        Raises VersionUnknown when it is not kept.
        """
        with self._moving():
            served, standing = self._served_or_none(), self.numbers()
            wanted = served[1:] if to is None else dict.fromkeys((to, *served))
            kept = [number for number in wanted if number in standing]
            if not kept or to not in (None, kept[0]):
                raise VersionUnknown(to, standing)
            with self._writing():
                self._point_at(kept)
            return next(iter(served), None), kept[0]

    def discard(self, number: int) -> None:
        """Remove the candidate of that number. Raises VersionUnknown."""
        with self._moving():
            if not self._candidate(number).is_dir():
                raise VersionUnknown(number, self._numbered(CANDIDATE))
            self._forget_vectors(self._candidate(number))
            with self._writing():
                shutil.rmtree(self._candidate(number))

    def collection(self, number: int) -> str | None:
        """Return where a server keeps the vectors of a version or candidate; None where there is none of that kind."""
        return collection_of(self._standing(number))

    def packed(self, number: int) -> tuple[str, bytes]:
        """Return where a server keeps a version's vectors, and its files. Raises IndexDamaged for one without."""
        folder = self._standing(number)
        collection = collection_of(folder)
        if collection is None:
            raise IndexDamaged(folder, "no Chroma server has its vectors")
        packed = BytesIO()
        with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                if file.is_file() and file.name not in (READERS, ADOPTED):
                    archive.write(file, file.relative_to(folder))
        return collection, packed.getvalue()

    def adopt(self, number: int, packed: bytes, *, as_candidate: bool = False) -> None:
        """Let a version stand here that another host built."""
        with self._moving(), self._writing():
            self._clear_away(ADOPTING)
            beside = Path(mkdtemp(prefix=ADOPTING, dir=self.folder))
            with ZipFile(BytesIO(packed)) as archive:
                archive.extractall(beside)
            final = self._candidate(number) if as_candidate else self.folder / str(number)
            if as_candidate:
                (beside / ADOPTED).touch()
            if final.exists():
                shutil.rmtree(final)
            beside.rename(final)
            if number >= self.next_number():
                self._replace(self._last, str(number))

    def follow(self, served: Sequence[int], candidate: int | None, kept: Collection[int]) -> None:
        """Let these serve here, as all hosts do; what others dropped or decided on is gone."""
        with self._moving(), self._writing():
            for number in self._numbered(CANDIDATE):
                waits = self._candidate(number)
                if number in served and not (self.folder / str(number)).exists():
                    waits.rename(self.folder / str(number))
                elif number != candidate and (number in served or (waits / ADOPTED).exists()):
                    shutil.rmtree(waits)
            self._point_at([*served])
            for number in self.numbers():
                if number not in kept:
                    self._dropped(number)

    def published(self) -> None:
        """Note that others have the candidate, too: what they decide on it holds here."""
        if (number := self.candidate()) is not None:
            with self._writing():
                (self._candidate(number) / ADOPTED).touch()

    def read_proposal(self, number: int) -> str | None:
        """Return what was found out about a version before it served; None where nothing is kept of it."""
        for folder in (self._candidate(number), self.folder / str(number)):
            with suppress(OSError):
                return (folder / PROPOSAL).read_text(encoding="utf-8")
        return None

    def _standing(self, number: int) -> Path:
        folder = self.folder / str(number)
        return folder if folder.is_dir() else self._candidate(number)

    def _candidate(self, number: int) -> Path:
        return self.folder / f"{CANDIDATE}{number}"

    def _numbered(self, prefix: str) -> list[int]:
        if not self.folder.is_dir():
            return []
        names = [entry.name for entry in self.folder.iterdir() if entry.name.startswith(prefix)]
        return sorted(int(tail) for name in names if (tail := name.removeprefix(prefix)).isdecimal())

    def _served_or_none(self) -> tuple[int, ...]:
        with suppress(IndexDamaged):
            return self.served()
        return ()

    def _point_at(self, served: list[int]) -> None:
        self._replace(self._pointer, " ".join(map(str, served[:KEEP])))

    def _replace(self, file: Path, text: str) -> None:
        beside = file.with_name(f".{file.name.removeprefix('.')}-new")
        try:
            beside.write_text(text, encoding="utf-8")
            os.replace(beside, file)
        except OSError:
            with suppress(OSError):
                beside.unlink()
            raise

    def _drop_old(self) -> list[int]:
        served = self._served_or_none()
        old = [number for number in self.numbers() if number not in served]
        self._clear_away(DROPPING)
        return [number for number in old if self._dropped(number)]

    def _clear_away(self, prefix: str) -> None:
        for left_over in self.folder.glob(f"{prefix}*"):
            shutil.rmtree(left_over, ignore_errors=True)

    def _dropped(self, number: int) -> bool:
        """Tell whether it could be dropped: not while somebody reads it."""
        folder, away = self.folder / str(number), self.folder / f"{DROPPING}{number}"
        with without_readers(folder) as free:
            if not free:
                return False
            try:
                folder.rename(away)  # first, so that nobody opens the half of it
            except OSError:
                return False
        self._forget_vectors(away)
        shutil.rmtree(away, ignore_errors=True)
        return True

    def _forget_vectors(self, folder: Path) -> None:
        """Remove what the server keeps of a version; as far as it answers."""
        collection = collection_of(folder)
        if self.server is not None and collection is not None:
            forget_collections(self.server, collection)

    @contextmanager
    def _moving(self) -> Generator[None]:
        with self._held(".pointer-lock", MOVE_WAIT_S):
            yield

    @contextmanager
    def _held(self, name: str, wait_s: float) -> Generator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / name, timeout=wait_s)
            lock.acquire()
        except Timeout as error:
            builder = self.builder()
            raise IndexBusy(self.folder, builder.named if builder else "another process", wait_s) from error
        except OSError as error:
            raise HomeUnwritable(self.folder, error.strerror or str(error)) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise HomeUnwritable(self.folder, error.strerror or str(error)) from error
