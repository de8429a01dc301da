from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from shutil import copytree

import pytest

from bot.errors import HomeUnwritable, IndexBusy, IndexDamaged, IndexMissing
from bot.index.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """With nothing on it but the folder."""
    shelf = Shelf(tmp_path)
    shelf.folder.mkdir()
    return shelf


def put(shelf: Shelf, number: int) -> None:
    with shelf.new_folder() as folder:
        (folder / "what").write_text(str(number))
        shelf.promote(folder, number)


def names(shelf: Shelf) -> list[str]:
    return sorted(entry.name for entry in shelf.folder.iterdir())


def test_an_empty_home_has_no_current_version(tmp_path: Path):
    shelf = Shelf(tmp_path / "none")
    assert (shelf.current_number(), shelf.numbers(), shelf.next_number()) == (None, [], 1)
    with pytest.raises(IndexMissing, match="triage index refresh"):
        shelf.open_current()
    assert not (tmp_path / "none").exists()


def test_promoting_puts_the_folder_under_its_number_and_points_at_it(shelf: Shelf):
    put(shelf, 1)
    put(shelf, 2)
    assert names(shelf) == ["1", "2", "current"]
    assert (shelf.current_number(), shelf.numbers(), shelf.next_number()) == (2, [1, 2], 3)


def test_promoting_over_a_version_of_that_number_replaces_it(shelf: Shelf):
    (shelf.folder / "1").mkdir()
    (shelf.folder / "1" / "left over").write_text("")
    put(shelf, 1)
    assert [entry.name for entry in (shelf.folder / "1").iterdir()] == ["what"]


def test_a_reader_never_sees_a_pointer_without_its_version(shelf: Shelf):
    put(shelf, 1)
    stop = threading.Event()
    wrong: list[str] = []

    def read() -> None:
        while not stop.is_set():
            number = shelf.current_number()
            if number is None or not (shelf.folder / str(number) / "what").exists():
                wrong.append(f"{number}")

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(2, 60):
        put(shelf, number)
    stop.set()
    reader.join()
    assert wrong == []


def test_numbers_are_sorted_as_numbers_and_other_names_are_left_alone(shelf: Shelf):
    for name in ("10", "9", ".building-x", "notes", "2.bak"):
        (shelf.folder / name).mkdir()
    assert (shelf.numbers(), shelf.next_number()) == ([9, 10], 11)


def test_the_last_three_and_the_current_are_kept(shelf: Shelf):
    for number in range(1, 7):
        put(shelf, number)
    (shelf.folder / "current").write_text("2", encoding="ascii")
    assert shelf.drop_old() == [1, 3]
    assert shelf.numbers() == [2, 4, 5, 6]
    assert shelf.drop_old() == []


def test_a_new_folder_is_gone_unless_promoted(shelf: Shelf):
    (shelf.folder / ".building-killed").mkdir()
    with pytest.raises(RuntimeError), shelf.new_folder() as folder:
        assert names(shelf) == [folder.name]
        raise RuntimeError
    assert names(shelf) == []


def test_a_second_holder_is_told_who_holds(shelf: Shelf):
    with shelf.locked():
        holder = json.loads((shelf.folder / ".lock-holder").read_text(encoding="utf-8"))
        assert holder["pid"] == os.getpid()
        with pytest.raises(IndexBusy, match=rf"being built by process {os.getpid()} on .+ since 20"), shelf.locked(0.1):
            pass
        assert (shelf.folder / ".lock-holder").exists()
    assert names(shelf) == [".lock"]
    with shelf.locked(0.1):
        pass


@pytest.mark.parametrize("said", ["", "[]", "3", '{"pid": 1}', "\udcff"])
def test_a_holder_file_that_says_nothing_does_not_hide_that_it_is_busy(shelf: Shelf, said: str):
    with shelf.locked():
        (shelf.folder / ".lock-holder").write_text(said, encoding="utf-8", errors="surrogateescape")
        with pytest.raises(IndexBusy, match="being built by another process"), shelf.locked(0.05):
            pass


def test_a_holder_file_left_by_a_killed_process_blocks_nobody(shelf: Shelf):
    (shelf.folder / ".lock-holder").write_text('{"pid": 1, "host": "h", "since": "then"}', encoding="utf-8")
    with shelf.locked(0.1):
        assert json.loads((shelf.folder / ".lock-holder").read_text(encoding="utf-8"))["pid"] == os.getpid()


def test_the_lock_is_let_go_when_the_holder_fails(shelf: Shelf):
    with pytest.raises(RuntimeError), shelf.locked():
        raise RuntimeError
    with shelf.locked(0.1):
        pass


def test_a_home_under_a_file_is_unwritable(tmp_path: Path):
    (tmp_path / "file").write_text("")
    shelf = Shelf(tmp_path / "file")
    with pytest.raises(HomeUnwritable, match="TRIAGE_HOME"):
        shelf.current_number()
    with pytest.raises(HomeUnwritable, match="TRIAGE_HOME"), shelf.locked():
        pass


def test_what_cannot_be_written_is_a_home_unwritable(shelf: Shelf):
    (shelf.folder / ".current-new").mkdir()
    with pytest.raises(HomeUnwritable, match="Is a directory"):
        put(shelf, 1)
    (shelf.folder / ".lock-holder").mkdir()
    with pytest.raises(HomeUnwritable, match="Is a directory"), shelf.locked():
        pass
    (shelf.folder / ".lock-holder").rmdir()
    with shelf.locked(0.1):
        pass


def test_a_pointer_that_is_no_number_is_damage(shelf: Shelf):
    (shelf.folder / "current").write_text("one", encoding="ascii")
    with pytest.raises(IndexDamaged, match="current"):
        shelf.current_number()


def test_a_copied_home_opens_in_its_new_place(home: Path, tmp_path: Path):
    version = Shelf(copytree(home, tmp_path / "elsewhere")).open_current()
    assert version.vectors.count() == version.manifest.records
    version.close()
