from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from bot.knowledge import packaged_knowledge
from tests.knowledge.small import Small, write_small


@pytest.fixture(scope="session")
def small_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small(tmp_path_factory.mktemp("small") / "knowledge").path


@pytest.fixture
def small(small_original: Path, tmp_path: Path) -> Small:
    """One's own copy of the small folder."""
    return Small(copytree(small_original, tmp_path / "knowledge"))


@pytest.fixture
def real(tmp_path: Path) -> Small:
    """One's own copy of the real folder; reading it takes half a second."""
    return Small(copytree(packaged_knowledge(), tmp_path / "knowledge"))
