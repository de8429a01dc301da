from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents import SHELL, Audience, DocumentSources, Viewer
from bot.errors import DocumentsMissing, DocumentSourceInvalid, DocumentSourceUnknown

ids = st.sampled_from(["T1", "T2", "C1", "C2", ""])
audiences = st.builds(
    Audience,
    workspaces=st.lists(st.sampled_from(["T1", "T2"]), max_size=2).map(tuple),
    channels=st.lists(st.sampled_from(["C1", "C2"]), max_size=2).map(tuple),
)


@given(audiences, ids, ids, st.booleans())
def test_nobody_reads_what_is_not_for_them(audience: Audience, workspace: str, channel: str, external: bool):
    may_read = audience.includes(Viewer(workspace, channel, external))
    if audience.channels and channel not in audience.channels:
        assert not may_read
    if audience.workspaces and workspace not in audience.workspaces:
        assert not may_read
    if external and channel not in audience.channels:
        assert not may_read
    if not audience.workspaces and not audience.channels:
        assert may_read is not external


def test_at_a_shell_one_reads_what_everybody_does():
    assert Audience().includes(SHELL)
    assert not Audience(channels=("C1",)).includes(SHELL)
    assert not Audience(workspaces=("T1",)).includes(SHELL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "handbook").mkdir()
    return tmp_path / "handbook"


def test_the_folder_of_the_settings_and_the_added_ones(tmp_path: Path, folder: Path):
    assert not DocumentSources(tmp_path, None)
    sources = DocumentSources(tmp_path, folder)
    assert sources
    assert [source.name for source in sources.all()] == ["documents"]
    (tmp_path / "more").mkdir()
    sources.add(tmp_path / "more", link="https://wiki.example.org/", channels=["C1"])
    assert [source.name for source in sources.all()] == ["documents", "more"]
    # What is said of the folder of the settings counts for it.
    sources.add(folder, channels=["C2"], workspaces=["T1"])
    assert [(each.name, str(each.audience)) for each in sources.all()] == [
        ("more", "channels C1"), ("handbook", "channels C2 in T1"),
    ]  # fmt: skip
    assert DocumentSources(tmp_path, None)


def test_a_folder_that_is_added_again_is_said_anew(tmp_path: Path, folder: Path):
    sources = DocumentSources(tmp_path, None)
    sources.add(folder, name="wiki", channels=["C1"])
    sources.add(folder)
    assert [(each.name, each.audience) for each in sources.all()] == [("wiki", Audience())]


def test_what_is_removed_takes_what_was_said_of_its_documents_along(tmp_path: Path, folder: Path):
    sources = DocumentSources(tmp_path, None)
    sources.add(folder)
    sources.link("handbook/a.md", ["ORG-01"])
    sources.link("other/a.md", [])
    assert sources.links() == {"handbook/a.md": ("ORG-01",), "other/a.md": ()}
    sources.remove("handbook")
    assert (sources.all(), sources.links()) == ((), {"other/a.md": ()})
    with pytest.raises(DocumentSourceUnknown, match="none was added"):
        sources.remove("handbook")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"link": "javascript:alert(1)"}, "--link must be an address"),
        ({"link": "https://x.example/<b>|"}, "--link must be an address"),
        ({"name": "../up"}, "--name must be letters"),
        ({"channels": ["C1 C2"]}, "--channel must be an id"),
        ({"name": "documents"}, "taken"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(tmp_path: Path, folder: Path, said: dict, told: str):
    sources = DocumentSources(tmp_path, None)
    with pytest.raises(DocumentSourceInvalid, match=told):
        sources.add(folder, **said)
    assert sources.all() == ()


def test_a_folder_that_is_not_there_and_a_file_that_was_altered(tmp_path: Path, folder: Path):
    sources = DocumentSources(tmp_path, None)
    with pytest.raises(DocumentsMissing):
        sources.add(tmp_path / "gone")
    (tmp_path / "documents.json").write_text("{", encoding="utf-8")
    with pytest.raises(DocumentSourceInvalid, match="cannot be read"):
        sources.all()
