"""A folder -> the files in it that can be documents, and why others are none."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.documents.sources import DocumentSource
from bot.errors import DocumentsMissing

TEXT = {".md", ".markdown", ".txt"}
CONVERTED = {".html", ".htm", ".pdf", ".docx"}
MOST_BYTES = 20_000_000
MOST_FILES = 100_000
GIT_WAIT_S = 60
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """`path` is relative to the folder, with slashes."""

    source: DocumentSource
    path: str
    file: Path

    @property
    def id(self) -> str:
        return f"{self.source.name}/{self.path}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that is not indexed, and why."""

    document: str
    reason: str


def found_in(source: DocumentSource) -> Iterator[Found | Skipped]:
    """Find the documents of a folder, in the order of their paths; in a git working tree those that it tracks.

    Files of other kinds, and those whose name begins with a dot, are left out without a word. Raises DocumentsMissing:
    a folder that is away for a moment must not empty the index.
    """
    root = source.folder
    if not root.is_dir():
        raise DocumentsMissing(root)
    paths = _tracked(root) if (root / ".git").exists() else None
    for number, path in enumerate(paths if paths is not None else _walked(root)):
        if Path(path).suffix.lower() not in TEXT | CONVERTED:
            continue
        if not path.isprintable():  # it is shown, and might be more than a name to a terminal
            yield Skipped(f"{source.name}/{ascii(path)[1:-1]}", "its name holds characters that cannot be shown")
            continue
        found = Found(source, path, root / path)
        if number >= MOST_FILES:
            yield Skipped(found.id, f"the folder holds more than {MOST_FILES} files")
            return
        reason = _unfit(root, found.file)
        yield Skipped(found.id, reason) if reason else found


def _unfit(root: Path, file: Path) -> str | None:
    try:
        if not file.resolve(strict=True).is_relative_to(root.resolve()):
            return "it is a link that leads out of the folder"
        about = file.stat()
    except (OSError, RuntimeError):
        return "it is a link that leads nowhere" if file.is_symlink() else "it cannot be opened"
    if not stat.S_ISREG(about.st_mode):
        return "it is no file"
    if about.st_size > MOST_BYTES:
        return f"it has {about.st_size // MEGABYTE} MB, and {MOST_BYTES // MEGABYTE} MB are the most"
    return None


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield (Path(folder) / name).relative_to(root).as_posix()


def _tracked(root: Path) -> list[str] | None:
    """Return what git tracks; None where git is not installed or does not answer."""
    # A repository's own configuration may name a program to run.
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "ls-files", "-z"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=GIT_WAIT_S, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    names = [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    return sorted(name for name in names if not any(part.startswith(".") for part in Path(name).parts))
