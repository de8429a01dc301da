"""The folder where index versions stand: which is current, who builds, what is dropped."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from filelock import FileLock, Timeout

from bot.errors import HomeUnwritable, IndexBusy, IndexDamaged, IndexMissing
from bot.index.version import IndexVersion

KEEP = 3
LOCK_WAIT_S = 30.0
BUILDING = ".building-"


class VersionStore:
    """`<home>/index`: a directory a version, the file `current` with the number of the one that serves."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "index"
        self._pointer = self.folder / "current"

    def current_number(self) -> int | None:
        try:
            return int(self._pointer.read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        except NotADirectoryError as error:
            raise HomeUnwritable(self.folder, "it is not a directory") from error
        except (ValueError, OSError) as error:
            raise IndexDamaged(self._pointer, "it should hold the number of a version") from error

    def open_current(self) -> IndexVersion:
        """Raises IndexMissing when there is none yet, IndexDamaged when its files are not whole."""
        number = self.current_number()
        if number is None:
            raise IndexMissing(self.folder)
        return IndexVersion(self.folder / str(number))

    def numbers(self) -> list[int]:
        """Return the versions that stand here, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(int(entry.name) for entry in self.folder.iterdir() if entry.name.isdecimal())

    @contextmanager
    def locked(self, wait_s: float = LOCK_WAIT_S) -> Generator[None]:
        """Hold the right to build and promote, for one process at a time.

        Raises IndexBusy, which names the holder, after `wait_s` seconds; HomeUnwritable when the folder cannot be made.
        """
        holder = self.folder / ".lock-holder"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".lock", timeout=wait_s)
            lock.acquire()
        except Timeout as error:
            raise IndexBusy(self.folder, _read_holder(holder), wait_s) from error
        except OSError as error:
            raise HomeUnwritable(self.folder, error.strerror or str(error)) from error
        try:
            with self._writing():
                _write_holder(holder)
            yield
        finally:
            with suppress(OSError):
                holder.unlink()
            lock.release()

    @contextmanager
    def new_folder(self) -> Generator[Path]:
        """Make a temporary folder beside the versions; gone afterwards unless it was promoted. Needs the lock."""
        for left_over in self.folder.glob(f"{BUILDING}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        with self._writing():
            folder = Path(mkdtemp(prefix=BUILDING, dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def promote(self, folder: Path, number: int) -> None:
        """Put a built folder under its number and point `current` at it, at once for every reader. Needs the lock."""
        final = self.folder / str(number)
        with self._writing():
            if final.exists():  # a damaged version of that number, or one that never became current
                shutil.rmtree(final)
            folder.rename(final)
            beside = self.folder / ".current-new"
            beside.write_text(str(number), encoding="ascii")
            os.replace(beside, self._pointer)

    def next_number(self) -> int:
        return max(self.numbers(), default=0) + 1

    def drop_old(self) -> list[int]:
        """Remove all but the last KEEP versions and the current one. Needs the lock."""
        old = [number for number in self.numbers()[:-KEEP] if number != self.current_number()]
        for number in old:
            shutil.rmtree(self.folder / str(number), ignore_errors=True)
        return old

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise HomeUnwritable(self.folder, error.strerror or str(error)) from error


def _write_holder(file: Path) -> None:
    who = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat("T", "seconds")}
    file.write_text(json.dumps(who), encoding="utf-8")


def _read_holder(file: Path) -> str:
    try:
        who = json.loads(file.read_text(encoding="utf-8"))
        return f"process {who['pid']} on {who['host']} since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
