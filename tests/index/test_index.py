from __future__ import annotations

from dataclasses import replace
from shutil import rmtree

import pytest

from bot.errors import EncoderUnavailable, IndexDamaged, IndexMissing, KnowledgeInvalid
from bot.index.diff import BarrierChange, Coverage, KnowledgeDiff
from bot.index.records import records_of
from bot.index.version import IndexVersion
from bot.index.version_store import VersionStore
from tests.conftest import TODAY
from tests.index.desk import Desk

COVERED = Coverage(47, 47)
NOTHING = KnowledgeDiff((), (), (), (), COVERED, COVERED)
CARD = "summary: Something holds ORG-01 back."
NEW_CARD = "summary: Something new holds ORG-01 back."
SYMPTOM = "  - ORG-01 hurts on mondays\n"
NEW_SYMPTOM = "  - ORG-01 is what the whole team complains about\n"


def test_the_first_open_builds_and_says_so(original: Desk):
    assert original.said == ["First run: building the knowledge index."]
    assert VersionStore(original.home).numbers() == [1]
    assert original.left_over() == []


def test_the_second_open_builds_nothing(desk: Desk):
    version = desk.open()
    assert (version.number, desk.said, desk.encoder.asked) == (1, [], [])


def test_what_was_built_holds_every_record(desk: Desk):
    version = desk.open()
    assert version.vectors.count() == version.manifest.records == len(records_of(version.knowledge))
    assert version.manifest.barriers == len(version.knowledge.barriers)
    version.close()


def test_a_damaged_index_is_built_again_and_said(desk: Desk):
    (desk.home / "index" / "1" / "knowledge.json").write_text("{}", encoding="utf-8")
    assert desk.open().number == 2
    assert desk.said == ["The index was damaged (knowledge.json is missing or altered). Building it again."]
    assert desk.open().number == 2
    assert len(desk.said) == 1


@pytest.mark.parametrize("pointer", ["", "one", "7", "-1", "\x00"])
def test_a_pointer_that_names_no_version_is_mended(desk: Desk, pointer: str):
    (desk.home / "index" / "current").write_text(pointer, encoding="utf-8")
    with pytest.raises(IndexDamaged):
        desk.index.status()
    assert desk.open().number == 2
    assert len(desk.said) == 1
    assert desk.said[0].startswith("The index was damaged (")


def test_another_encoder_means_a_new_build(desk: Desk):
    desk.encoder.id = "another"
    version = desk.open()
    assert (version.number, version.manifest.encoder) == (2, "another")
    assert desk.said == ["The index was built with another encoder (recording). Building anew."]
    assert set(desk.encoder.asked) >= {record.text for record in records_of(version.knowledge)}


def test_nothing_changed_is_nothing_to_build(desk: Desk):
    comparison = desk.index.compare(TODAY)
    assert (comparison.base, comparison.diff, comparison.unchanged) == (1, NOTHING, True)
    assert (VersionStore(desk.home).numbers(), desk.left_over(), desk.encoder.asked) == ([1], [], [])


def test_a_changed_wording_gives_a_version_with_that_difference(desk: Desk):
    desk.small.edit("barriers/ORG-01.yaml", CARD, NEW_CARD)
    assert desk.index.status().changed == ("barriers/ORG-01.yaml",)
    comparison = desk.index.compare(TODAY)
    assert comparison.diff == replace(NOTHING, changed=(BarrierChange("ORG-01", ("summary",)),))
    assert not comparison.unchanged
    version, dropped = desk.refresh()
    assert (version.number, dropped) == (2, [])
    assert desk.open().knowledge.barrier_by_id["ORG-01"].summary == "Something new holds ORG-01 back."
    assert desk.index.status().changed == ()


def test_a_candidate_stands_beside_what_serves(desk: Desk):
    desk.small.edit("barriers/ORG-01.yaml", CARD, NEW_CARD)
    assert desk.build() == 2
    status = desk.index.status()
    assert (status.version.number, status.kept, status.candidate) == (1, (1,), 2)
    assert desk.open().number == 1
    assert desk.build() == 3
    assert desk.left_over() == ["candidate-3"]


def test_a_refresh_encodes_only_what_is_new(desk: Desk):
    desk.small.edit("barriers/ORG-01.yaml", CARD, NEW_CARD)
    desk.refresh()
    assert desk.encoder.asked == ["Trouble ORG-01. Something new holds ORG-01 back. How do we mend it?"]


def test_a_changed_symptom_is_named_and_has_the_ranking_fitted_again(desk: Desk):
    before = desk.open()
    desk.small.edit("barriers/ORG-01.yaml", SYMPTOM, NEW_SYMPTOM)
    diff = desk.index.compare(TODAY).diff
    assert diff is not None
    assert diff.changed == (
        BarrierChange(
            "ORG-01", ("symptoms",), ("ORG-01 is what the whole team complains about",), ("ORG-01 hurts on mondays",)
        ),
    )
    after, _ = desk.refresh()
    assert desk.encoder.asked == ["ORG-01 is what the whole team complains about"]
    key = [(version.folder / "heads" / "KEY").read_text() for version in (before, after)]
    assert key[0] != key[1]
    assert "complains" not in before.heads.terms.index
    assert not (before.heads.own_head.weights == after.heads.own_head.weights).all()


def test_without_an_index_there_is_nothing_to_compare_with(desk: Desk):
    rmtree(desk.home)
    comparison = desk.index.compare(TODAY)
    assert (comparison.base, comparison.diff, comparison.unchanged) == (None, None, False)
    with pytest.raises(IndexMissing):
        desk.index.status()


def test_a_damaged_version_is_nothing_to_compare_with(desk: Desk):
    (desk.home / "index" / "1" / "phrases.npy").unlink()
    assert desk.index.compare(TODAY).base is None
    assert desk.refresh()[0].number == 2


def test_a_version_that_chroma_finds_too_small_is_nothing_to_compare_with(desk: Desk):
    manifest = desk.home / "index" / "1" / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    records = desk.open().manifest.records
    manifest.write_text(text.replace(f'"records": {records}', f'"records": {records + 1}'), encoding="utf-8")
    assert desk.index.compare(TODAY).base is None
    version, _ = desk.refresh()
    assert version.vectors.count() == records
    version.close()


def test_a_version_of_another_encoder_is_nothing_to_compare_with(desk: Desk):
    desk.encoder.id = "another"
    comparison = desk.index.compare(TODAY)
    assert (comparison.base, comparison.unchanged) == (None, False)


def test_knowledge_with_a_problem_leaves_what_serves(desk: Desk):
    desk.small.edit("barriers/ORG-01.yaml", "theme:", "theem:")
    with pytest.raises(KnowledgeInvalid, match=r"ORG-01\.yaml:\d+: .*theem"):
        desk.build()
    assert (desk.open().number, desk.left_over()) == (1, [])


def test_a_build_that_fails_midway_leaves_nothing_and_what_was_serves(desk: Desk):
    desk.small.edit("barriers/ORG-01.yaml", CARD, NEW_CARD)
    desk.encoder.answers = False
    with pytest.raises(EncoderUnavailable):
        desk.build()
    assert (desk.open().number, VersionStore(desk.home).numbers(), desk.left_over()) == (1, [1], [])
    desk.encoder.answers = True
    assert desk.refresh()[0].number == 2


def test_a_judge_that_fails_leaves_no_candidate(desk: Desk):
    index = desk.index

    def judged(_version: IndexVersion) -> str:
        raise EncoderUnavailable("recording", "it went away")

    with index.building(), pytest.raises(EncoderUnavailable):
        index.build_candidate(index.compare(TODAY).source, lambda _what, _done: None, judged)
    assert (VersionStore(desk.home).candidate(), desk.left_over()) == (None, [])


def test_old_versions_are_dropped(desk: Desk):
    dropped = []
    before = "Something holds ORG-01 back."
    for number in range(2, 6):
        now = f"Something holds ORG-01 back, {number} times."
        desk.small.edit("barriers/ORG-01.yaml", before, now)
        version, gone = desk.refresh()
        version.close()
        dropped.append(gone)
        before = now
    assert dropped == [[], [], [1], [2]]
    assert VersionStore(desk.home).numbers() == [3, 4, 5]
