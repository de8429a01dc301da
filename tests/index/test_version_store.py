from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from shutil import copytree

import pytest

from bot.errors import HomeUnwritable, IndexBusy, IndexDamaged, IndexMissing
from bot.index.version_store import VersionStore


@pytest.fixture
def versions(tmp_path: Path) -> VersionStore:
    """With nothing on it but the folder."""
    versions = VersionStore(tmp_path)
    versions.folder.mkdir()
    return versions


def put(versions: VersionStore, number: int) -> None:
    with versions.new_folder() as folder:
        (folder / "what").write_text(str(number))
        versions.promote(folder, number)


def names(versions: VersionStore) -> list[str]:
    return sorted(entry.name for entry in versions.folder.iterdir())


def test_an_empty_home_has_no_current_version(tmp_path: Path):
    versions = VersionStore(tmp_path / "none")
    assert (versions.current_number(), versions.numbers(), versions.next_number()) == (None, [], 1)
    with pytest.raises(IndexMissing, match="triage index refresh"):
        versions.open_current()
    assert not (tmp_path / "none").exists()


def test_promoting_puts_the_folder_under_its_number_and_points_at_it(versions: VersionStore):
    put(versions, 1)
    put(versions, 2)
    assert names(versions) == ["1", "2", "current"]
    assert (versions.current_number(), versions.numbers(), versions.next_number()) == (2, [1, 2], 3)


def test_promoting_over_a_version_of_that_number_replaces_it(versions: VersionStore):
    (versions.folder / "1").mkdir()
    (versions.folder / "1" / "left over").write_text("")
    put(versions, 1)
    assert [entry.name for entry in (versions.folder / "1").iterdir()] == ["what"]


def test_a_reader_never_sees_a_pointer_without_its_version(versions: VersionStore):
    put(versions, 1)
    stop = threading.Event()
    wrong: list[str] = []

    def read() -> None:
        while not stop.is_set():
            number = versions.current_number()
            if number is None or not (versions.folder / str(number) / "what").exists():
                wrong.append(f"{number}")

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(2, 60):
        put(versions, number)
    stop.set()
    reader.join()
    assert wrong == []


def test_numbers_are_sorted_as_numbers_and_other_names_are_left_alone(versions: VersionStore):
    for name in ("10", "9", ".building-x", "notes", "2.bak"):
        (versions.folder / name).mkdir()
    assert (versions.numbers(), versions.next_number()) == ([9, 10], 11)


def test_the_last_three_and_the_current_are_kept(versions: VersionStore):
    for number in range(1, 7):
        put(versions, number)
    (versions.folder / "current").write_text("2", encoding="ascii")
    assert versions.drop_old() == [1, 3]
    assert versions.numbers() == [2, 4, 5, 6]
    assert versions.drop_old() == []


def test_a_new_folder_is_gone_unless_promoted(versions: VersionStore):
    (versions.folder / ".building-killed").mkdir()
    with pytest.raises(RuntimeError), versions.new_folder() as folder:
        assert names(versions) == [folder.name]
        raise RuntimeError
    assert names(versions) == []


def test_a_second_holder_is_told_who_holds(versions: VersionStore):
    with versions.locked():
        holder = json.loads((versions.folder / ".lock-holder").read_text(encoding="utf-8"))
        assert holder["pid"] == os.getpid()
        with (
            pytest.raises(IndexBusy, match=rf"being built by process {os.getpid()} on .+ since 20"),
            versions.locked(0.1),
        ):
            pass
        assert (versions.folder / ".lock-holder").exists()
    assert names(versions) == [".lock"]
    with versions.locked(0.1):
        pass


@pytest.mark.parametrize("said", ["", "[]", "3", '{"pid": 1}', "\udcff"])
def test_a_holder_file_that_says_nothing_does_not_hide_that_it_is_busy(versions: VersionStore, said: str):
    with versions.locked():
        (versions.folder / ".lock-holder").write_text(said, encoding="utf-8", errors="surrogateescape")
        with pytest.raises(IndexBusy, match="being built by another process"), versions.locked(0.05):
            pass


def test_a_holder_file_left_by_a_killed_process_blocks_nobody(versions: VersionStore):
    (versions.folder / ".lock-holder").write_text('{"pid": 1, "host": "h", "since": "then"}', encoding="utf-8")
    with versions.locked(0.1):
        assert json.loads((versions.folder / ".lock-holder").read_text(encoding="utf-8"))["pid"] == os.getpid()


def test_the_lock_is_let_go_when_the_holder_fails(versions: VersionStore):
    with pytest.raises(RuntimeError), versions.locked():
        raise RuntimeError
    with versions.locked(0.1):
        pass


def test_a_home_under_a_file_is_unwritable(tmp_path: Path):
    (tmp_path / "file").write_text("")
    versions = VersionStore(tmp_path / "file")
    with pytest.raises(HomeUnwritable, match="TRIAGE_HOME"):
        versions.current_number()
    with pytest.raises(HomeUnwritable, match="TRIAGE_HOME"), versions.locked():
        pass


def test_what_cannot_be_written_is_a_home_unwritable(versions: VersionStore):
    (versions.folder / ".current-new").mkdir()
    with pytest.raises(HomeUnwritable, match="Is a directory"):
        put(versions, 1)
    (versions.folder / ".lock-holder").mkdir()
    with pytest.raises(HomeUnwritable, match="Is a directory"), versions.locked():
        pass
    (versions.folder / ".lock-holder").rmdir()
    with versions.locked(0.1):
        pass


def test_a_pointer_that_is_no_number_is_damage(versions: VersionStore):
    (versions.folder / "current").write_text("one", encoding="ascii")
    with pytest.raises(IndexDamaged, match="current"):
        versions.current_number()


def test_a_copied_home_opens_in_its_new_place(home: Path, tmp_path: Path):
    version = VersionStore(copytree(home, tmp_path / "elsewhere")).open_current()
    assert version.vectors.count() == version.manifest.records
    version.close()
