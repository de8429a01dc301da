from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree

import pytest

from bot.errors import EncoderUnavailable
from bot.index.index import Index
from bot.index.version import IndexVersion
from bot.retrieval.encoder import Encoder, Vectors
from tests.conftest import TODAY
from tests.knowledge.small import Small, write_small

BOOKKEEPING = (".lock", ".pointer-lock", ".last")
"""What stands in an index folder for good."""


@dataclass
class RecordingEncoder:
    """The real encoder, which remembers what it was asked and can be told to stop answering."""

    real: Encoder
    id: str
    asked: list[str] = field(default_factory=list)
    answers: bool = True
    trained_head: Path | None = None

    def encode(self, texts) -> Vectors:
        if not self.answers:
            raise EncoderUnavailable(self.id, "its provider failed with TimeoutError")
        self.asked += texts
        return self.real.encode(texts)

    def encode_together(self, texts) -> Vectors:
        return self.real.encode_together(texts)


@dataclass
class Desk:
    """An index of the small knowledge folder, with what it said and which texts its encoder was asked for."""

    home: Path
    small: Small
    encoder: RecordingEncoder
    said: list[str] = field(default_factory=list)

    @property
    def index(self) -> Index:
        return Index(self.home, self.small.path, self.encoder, lock_wait_s=0.2)

    def open(self) -> IndexVersion:
        return self.index.open(TODAY, silent, self.said.append)

    def build(self) -> int:
        """Build a candidate of what the folder says now; its number."""
        index = self.index
        with index.building():
            return index.build_candidate(index.compare(TODAY).source, silent)

    def refresh(self) -> tuple[IndexVersion, list[int]]:
        """Build and promote; what serves now, and what was dropped."""
        dropped = self.index.versions.promote(self.build())
        return self.index.versions.open_current(), dropped

    def left_over(self) -> list[str]:
        """What stands in the index folder besides versions, the pointer and the lock."""
        names = sorted(entry.name for entry in (self.home / "index").iterdir())
        return [name for name in names if not name.isdecimal() and name not in ("current", *BOOKKEEPING)]


def silent(_what: str, _done: float) -> None:
    pass


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Desk:
    """Built once on the small knowledge folder; the copies of `desk` are for use."""
    folder = tmp_path_factory.mktemp("original")
    desk = Desk(folder / "home", write_small(folder / "knowledge"), RecordingEncoder(encoder, "recording"))
    desk.open().close()
    return desk


@pytest.fixture
def desk(original: Desk, tmp_path: Path) -> Desk:
    """One's own copy of a home with version 1 and of the small knowledge folder that it was built from."""
    small = Small(copytree(original.small.path, tmp_path / "knowledge"))
    home = copytree(original.home, tmp_path / "home")
    return Desk(home, small, RecordingEncoder(original.encoder.real, original.encoder.id))
