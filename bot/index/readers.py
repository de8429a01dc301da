"""Who reads a version: it is removed only when nobody does, in any process of this host."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

READERS = ".readers"


def begin_reading(folder: Path) -> int | None:
    """Say that this process reads the version until the descriptor is closed; None where nothing can be said."""
    if sys.platform == "win32":  # which itself moves no folder of which a file is open
        return None
    import fcntl

    try:
        descriptor = os.open(folder / READERS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:  # a folder that takes no files: nobody drops anything there
        return None
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


@contextmanager
def without_readers(folder: Path) -> Generator[bool]:
    """Tell whether nobody reads the version, and let no new reader begin meanwhile."""
    if sys.platform == "win32":
        yield True
        return
    import fcntl

    try:
        file = (folder / READERS).open("a", encoding="ascii")
    except OSError:
        yield True
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
