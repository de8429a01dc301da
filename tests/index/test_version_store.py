from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from shutil import copytree

import pytest

from bot.errors import HomeUnwritable, IndexBusy, IndexDamaged, IndexMissing, ProposalStale, VersionUnknown
from bot.index.readers import begin_reading
from bot.index.version_store import VersionStore
from tests.index.desk import BOOKKEEPING


@pytest.fixture
def versions(tmp_path: Path) -> VersionStore:
    """With nothing on it but the folder."""
    versions = VersionStore(tmp_path)
    versions.folder.mkdir()
    return versions


def put(versions: VersionStore, number: int) -> None:
    propose(versions, number)
    versions.promote(number)


def propose(versions: VersionStore, number: int, said: str | None = None) -> None:
    with versions.new_folder() as folder:
        (folder / "what").write_text(str(number))
        versions.keep(folder, number, said)


def names(versions: VersionStore) -> list[str]:
    return sorted(entry.name for entry in versions.folder.iterdir() if entry.name not in BOOKKEEPING)


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
            if number is not None and (versions.folder / str(number) / "what").exists():
                continue
            if versions.current_number() == number:  # else three others served meanwhile, and it was dropped
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


def test_the_last_three_that_served_are_kept(versions: VersionStore):
    dropped = []
    for number in range(1, 6):
        propose(versions, number)
        dropped.append(versions.promote(number))
    assert dropped == [[], [], [], [1], [2]]
    assert (versions.numbers(), versions.served()) == ([3, 4, 5], (5, 4, 3))


def test_a_rollback_goes_through_what_served_and_not_to_what_was_left(versions: VersionStore):
    for number in range(1, 4):
        put(versions, number)
    assert versions.roll_back() == (3, 2)
    assert versions.numbers() == [1, 2, 3]
    put(versions, 4)
    assert (versions.numbers(), versions.served()) == ([1, 2, 4], (4, 2, 1))
    assert [versions.roll_back(), versions.roll_back()] == [(4, 2), (2, 1)]
    with pytest.raises(VersionUnknown, match=r"No index served before this one; kept: 1, 2, 4"):
        versions.roll_back()
    assert versions.roll_back(4) == (1, 4)
    with pytest.raises(VersionUnknown, match="There is no index 3 here"):
        versions.roll_back(3)
    assert versions.current_number() == 4


def test_a_candidate_is_no_version_until_promoted(versions: VersionStore):
    put(versions, 1)
    propose(versions, 2, "what was found out")
    assert (versions.candidate(), versions.numbers(), versions.current_number()) == (2, [1], 1)
    propose(versions, 3, "more")
    assert (versions.candidate(), names(versions)) == (3, ["1", "candidate-3", "current"])
    assert versions.read_proposal(3) == "more"
    with pytest.raises(VersionUnknown):
        versions.promote(2)
    versions.promote(3)
    assert (versions.candidate(), versions.numbers(), versions.read_proposal(3)) == (None, [1, 3], "more")


def test_a_number_is_never_given_twice(versions: VersionStore):
    put(versions, 1)
    propose(versions, 2)
    versions.discard(2)
    assert (versions.candidate(), versions.next_number()) == (None, 3)
    with pytest.raises(VersionUnknown):
        versions.discard(2)


def test_a_promotion_that_was_compared_with_another_version_is_refused(versions: VersionStore):
    for number in (1, 2):
        put(versions, number)
    propose(versions, 3)
    versions.roll_back()
    with pytest.raises(ProposalStale, match="compared with index 2, but 1 serves now"):
        versions.promote(3, instead_of=2)
    assert (versions.current_number(), versions.candidate()) == (1, 3)


def test_a_promotion_that_was_killed_between_its_two_steps_is_finished_by_the_next(versions: VersionStore):
    put(versions, 1)
    propose(versions, 2)
    (versions.folder / "candidate-2").rename(versions.folder / "2")
    assert versions.current_number() == 1
    versions.promote(2)
    assert versions.served() == (2, 1)


def test_what_is_read_is_dropped_another_time(versions: VersionStore):
    for number in (1, 2, 3):
        put(versions, number)
    reader = begin_reading(versions.folder / "1")
    assert reader is not None
    propose(versions, 4)
    assert (versions.promote(4), versions.numbers()) == ([], [1, 2, 3, 4])
    os.close(reader)
    propose(versions, 5)
    assert (versions.promote(5), versions.numbers()) == ([1, 2], [3, 4, 5])


def test_what_a_killed_dropper_left_is_cleared_away(versions: VersionStore):
    (versions.folder / ".dropping-1").mkdir()
    put(versions, 2)
    assert names(versions) == ["2", "current"]


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
    assert names(versions) == []
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
