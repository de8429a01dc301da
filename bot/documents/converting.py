"""HTML, PDF and DOCX -> Markdown, in a process of its own that may take so much memory and time and no more."""

from __future__ import annotations

import multiprocessing
import os
import resource
import zipfile
from importlib.util import find_spec
from io import BytesIO
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Self

WAIT_S = 60.0
MEMORY_BYTES = 4_000_000_000
"""Of address space, most of which the libraries only reserve."""
UNPACKED_BYTES, UNPACKED_FILES = 200_000_000, 5_000
"""What a DOCX, which is a ZIP archive, may become."""
NO_TEXT = "there is no text in it; if it was scanned, let an OCR program add the text"
EXTRA_MISSING = "reading it needs an extra: pip install 'mlops-triage[documents]'"
DAMAGED = "it cannot be read as what its name says"
TOO_SLOW = f"reading it took longer than {WAIT_S:.0f} s"


class Unreadable(Exception):
    """Its sentence is the reason. `lasting`: it would be the same another time."""

    def __init__(self, reason: str, *, lasting: bool = True) -> None:
        super().__init__(reason)
        self.lasting = lasting


class Converter:
    """Converts one document at a time; its process begins with the first one and is replaced when it fails."""

    def __init__(self, wait_s: float = WAIT_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self._wait_s = wait_s
        self._memory_bytes = memory_bytes
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    def convert(self, content: bytes, suffix: str) -> str:
        """Return the Markdown. Raises Unreadable."""
        if find_spec("markitdown") is None:
            raise Unreadable(EXTRA_MISSING, lasting=False)
        if suffix == ".docx":
            _refuse_bombs(content)
        connection = self._begun()
        try:
            connection.send((content, suffix))
            if not connection.poll(self._wait_s):
                self.close()
                raise Unreadable(TOO_SLOW, lasting=False)
            kind, text = connection.recv()
        except (EOFError, OSError) as error:
            self.close()
            raise Unreadable("reading it took more memory than is allowed", lasting=False) from error
        if kind == "unreadable":
            raise Unreadable(text)
        return text

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _: BaseException | None, _at: TracebackType | None) -> None:
        self.close()

    def _begun(self) -> Connection:
        if self._connection is None:
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=_convert_all, args=(theirs, self._memory_bytes), daemon=True)
            self._process.start()
            theirs.close()
        return self._connection


def _refuse_bombs(content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            files = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable(DAMAGED) from error
    if len(files) > UNPACKED_FILES or sum(file.file_size for file in files) > UNPACKED_BYTES:
        raise Unreadable(f"unpacked it would be more than {UNPACKED_BYTES // 1_000_000} MB")


def _convert_all(connection: Connection, memory_bytes: int) -> None:
    """Answer each document with ("text", Markdown) or ("unreadable", why)."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # what the libraries say of a document is no log of ours
        os.dup2(nowhere.fileno(), 2)
    from markitdown import MarkItDown, StreamInfo

    reader = MarkItDown(enable_plugins=False)
    while True:
        try:
            content, suffix = connection.recv()
        except EOFError:
            return
        try:
            text = reader.convert_stream(BytesIO(content), stream_info=StreamInfo(extension=suffix)).text_content
        except MemoryError:
            return
        except Exception:  # noqa: BLE001 - a document may make a library raise anything
            connection.send(("unreadable", DAMAGED))
            continue
        connection.send(("text", text) if text.strip() else ("unreadable", NO_TEXT))
