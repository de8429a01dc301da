from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from bot.errors import IndexDamaged
from bot.index.readers import READERS
from bot.index.version import IndexVersion

FILES = [
    "manifest.json",
    "knowledge.json",
    "lexical.sqlite",
    "phrases.npy",
    "heads/heads.npz",
    "heads/terms.json",
    "heads/KEY",
    "chroma/chroma.sqlite3",
    "chroma/*/data_level0.bin",
    "chroma/*/header.bin",
    "chroma/*/length.bin",
    "chroma/*/link_lists.bin",
    "chroma/*/index_metadata.pickle",
]

OPEN_AND_SEARCH = """
import sys
from pathlib import Path
import numpy as np
from bot.errors import IndexDamaged
from bot.index.readers import READERS
from bot.index.version import IndexVersion
try:
    version = IndexVersion(Path(sys.argv[1]))
    version.vectors.search(np.eye(1, 384, dtype=np.float32), 40)
except IndexDamaged:
    sys.exit(3)
"""


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Path:
    """One's own copy of a version of the packaged knowledge."""
    return copytree(home / "index" / "1", tmp_path / "1")


def only(folder: Path, pattern: str) -> Path:
    (file,) = folder.glob(pattern)
    return file


def overwritten(file: Path, start: float, end: float, byte: bytes = b"\0") -> None:
    """With the same size as before."""
    content = bytearray(file.read_bytes())
    first, last = int(len(content) * start), int(len(content) * end)
    content[first:last] = byte * (last - first)
    file.write_bytes(content)


@pytest.mark.parametrize("pattern", FILES)
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(Path.unlink, id="missing"),
        pytest.param(lambda file: file.write_bytes(b""), id="empty"),
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]), id="cut short"),
        pytest.param(lambda file: overwritten(file, 0, 1), id="all zeros"),
        pytest.param(lambda file: overwritten(file, 0.4, 0.8, b"\xff"), id="altered in the middle"),
    ],
)
def test_a_version_with_a_damaged_file_does_not_open(folder: Path, pattern: str, damage: Callable[[Path], None]):
    damage(only(folder, pattern))
    with pytest.raises(IndexDamaged, match=r"triage index refresh$") as caught:
        IndexVersion(folder)
    assert Path(pattern).name in str(caught.value)


def test_all_kinds_of_file_are_covered(folder: Path):
    files = {file for pattern in FILES for file in folder.glob(pattern)}
    assert files == {file for file in folder.rglob("*") if file.is_file() and file.name != READERS}


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00", '{"number": 1}'])
def test_a_manifest_that_says_nothing_is_damage(folder: Path, text: str):
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(IndexDamaged, match=r"manifest\.json is missing or unreadable"):
        IndexVersion(folder)


def test_no_folder_is_damage(tmp_path: Path):
    with pytest.raises(IndexDamaged):
        IndexVersion(tmp_path / "7")


@pytest.mark.parametrize("tenth", range(10))
def test_a_part_of_chromas_database_zeroed_is_damage_or_was_unused(folder: Path, tmp_path: Path, tenth: int):
    whole = IndexVersion(copytree(folder, tmp_path / "whole"))
    overwritten(folder / "chroma" / "chroma.sqlite3", tenth / 10, (tenth + 1) / 10)
    try:
        version = IndexVersion(folder)
    except IndexDamaged:
        return
    probe = np.ascontiguousarray(version.heads.own_head.weights[:, :5].T)
    assert version.vectors.search(probe, 10) == whole.vectors.search(probe, 10)
    version.close()
    whole.close()


def test_a_changed_row_of_chromas_database_is_damage(folder: Path):
    with closing(sqlite3.connect(folder / "chroma" / "chroma.sqlite3")) as db, db:
        db.execute("update embedding_metadata set string_value = 'ORG-99' where rowid = 7")
    with pytest.raises(IndexDamaged, match=r"chroma\.sqlite3 is missing or altered"):
        IndexVersion(folder)


def test_many_openings_leave_a_version_whole(folder: Path):
    # Chroma adds such a row at each opening, so that the file changes and some day grows.
    with closing(sqlite3.connect(folder / "chroma" / "chroma.sqlite3")) as db, db:
        db.executemany("insert into acquire_write (lock_status) values (?)", [(1,)] * 2000)
    for _ in range(2):
        version = IndexVersion(folder)
        assert version.vectors.count() == version.manifest.records
        version.close()


# Without its check Chroma ends the process here, by SIGSEGV: so each is read in a process of its own.
@pytest.mark.parametrize(
    ("pattern", "start", "end", "byte"),
    [
        ("chroma/*/link_lists.bin", 0.4, 0.6, b"\0"),
        ("chroma/*/data_level0.bin", 0.4, 0.6, b"\xff"),
    ],
)
def test_an_altered_graph_does_not_end_the_process(folder: Path, pattern: str, start: float, end: float, byte: bytes):
    overwritten(only(folder, pattern), start, end, byte)
    done = subprocess.run(
        [sys.executable, "-c", OPEN_AND_SEARCH, folder], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (3, "")


def resealed(folder: Path, **changes: object) -> None:
    """The manifest with other contents."""
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def test_a_wrong_number_of_records_is_damage(folder: Path):
    resealed(folder, records=7)
    version = IndexVersion(folder)
    with pytest.raises(IndexDamaged, match=r"it holds \d+ records and should hold 7"):
        _ = version.vectors
    version.close()


@pytest.mark.parametrize("part", ["chroma.sqlite3", "*/index_metadata.pickle", "*/header.bin"])
def test_what_chroma_cannot_open_is_damage_even_when_the_manifest_agrees(folder: Path, part: str):
    overwritten(only(folder, f"chroma/{part}"), 0, 0.3, b"\x07")
    resealed(folder, files={})
    version = IndexVersion(folder)
    with pytest.raises(IndexDamaged, match="Chroma cannot open it"):
        _ = version.vectors


def test_a_database_that_is_not_chromas_is_damage(folder: Path):
    database = folder / "chroma" / "chroma.sqlite3"
    database.unlink()
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("create table notes (text)")
    resealed(folder, files={})
    with pytest.raises(IndexDamaged, match="Chroma cannot open it"):
        _ = IndexVersion(folder).vectors


def test_knowledge_of_another_release_is_damage(folder: Path):
    (folder / "knowledge.json").write_text('{"chapters": []}', encoding="utf-8")
    resealed(folder, files={})
    with pytest.raises(IndexDamaged, match=r"knowledge\.json was written by another release"):
        IndexVersion(folder)


def test_closing_one_version_leaves_another_of_the_same_folder_open(folder: Path):
    serves, looked_at = IndexVersion(folder), IndexVersion(folder)
    count = serves.vectors.count()
    assert looked_at.vectors.count() == count
    looked_at.close()
    assert serves.vectors.count() == count
    serves.close()


def test_a_closed_version_opens_its_parts_again(folder: Path):
    version = IndexVersion(folder)
    count = version.vectors.count()
    hits = version.lexical.search("signature", 3)
    version.close()
    version.close()
    assert (version.vectors.count(), version.lexical.search("signature", 3)) == (count, hits)
    version.close()
