"""Whatever lies in a folder: what can be read is read, what cannot is named with its reason."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bot.documents import DocumentLibrary, Documents, DocumentSources
from bot.documents.converting import Converter, Unreadable
from bot.documents.files import MOST_BYTES
from bot.documents.library import MOST_CHARACTERS
from bot.errors import DocumentsMissing
from tests.documents.made import APPROVAL, GPUS, laughs, pdf, write_docx, write_zip_bomb

OWNER = "Alerts for drift go to the owner of the model, who is named in the registry."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    folder.mkdir()
    return folder


def library(folder: Path) -> DocumentLibrary:
    home = folder.parent / "home"
    return DocumentLibrary(DocumentSources(home, folder), home / "cache" / "documents.sqlite")


def read(folder: Path) -> Documents:
    return library(folder).read()


def reasons(documents: Documents) -> dict[str, str]:
    return {each.document.partition("/")[2]: each.reason for each in documents.skipped}


def test_every_kind_is_read_with_its_title_and_sections(folder: Path):
    (folder / "gpus.md").write_text(GPUS, encoding="utf-8")
    (folder / "sub").mkdir()
    (folder / "sub" / "front.markdown").write_text(f"---\ntitle: Given above\n---\n{APPROVAL}", encoding="utf-8")
    (folder / "who_is_paged.txt").write_text(f"\ufeff{OWNER}", encoding="utf-16")
    page = f"<title>x</title><script>steal()</script><h1>Rota</h1><h2>Drift</h2><p>{OWNER}</p>"
    (folder / "rota.html").write_text(page, encoding="utf-8")
    (folder / "risk.pdf").write_bytes(pdf(["Model risk review", OWNER]))
    write_docx(folder / "oncall.docx", "On-call", [OWNER])
    found = read(folder)
    assert {each.id: (each.title, [passage.section for passage in each.passages]) for each in found.documents} == {
        "documents/gpus.md": ("Requesting GPUs", ["GPU quota", "Idle notebooks"]),
        "documents/oncall.docx": ("On-call", [""]),
        "documents/risk.pdf": ("Risk", [""]),
        "documents/rota.html": ("Rota", ["Drift"]),
        "documents/sub/front.markdown": ("Given above", ["Approval of model changes › The short way"]),
        "documents/who_is_paged.txt": ("Who is paged", [""]),
    }
    assert all(OWNER in each.passages[0].text for each in found.documents if each.id.endswith(("docx", "html", "txt")))
    assert "steal" not in str(found)
    assert not found.skipped


def test_what_cannot_be_read_is_named_with_its_reason_and_the_rest_is_read(folder: Path):
    with (folder / "huge.txt").open("wb") as huge:
        huge.truncate(200_000_000)
    write_zip_bomb(folder / "bomb.docx")
    write_docx(folder / "laughs.docx", "x", ["&l9;"], prologue=laughs())
    (folder / "scan.pdf").write_bytes(pdf([]))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing of the kind")
    (folder / "broken.docx").write_bytes(b"PK nothing of the kind")
    (folder / "latin.md").write_bytes("Größe und Übergabe".encode("latin-1"))
    (folder / "binary.txt").write_bytes(b"abc\0def")
    (folder / "long.md").write_text("word " * (MOST_CHARACTERS // 4), encoding="utf-8")
    (folder / "empty.md").touch()
    (folder / "bell\a.md").write_text(GPUS, encoding="utf-8")
    (folder / "good.md").write_text(GPUS, encoding="utf-8")
    os.mkfifo(folder / "pipe.md")
    found = read(folder)
    assert [each.id for each in found.documents] == ["documents/good.md"]
    scanned = "there is no text in it; if it was scanned, let an OCR program add the text"
    assert reasons(found) == {
        "huge.txt": f"it has 200 MB, and {MOST_BYTES // 1_000_000} MB are the most",
        "bomb.docx": "unpacked it would be more than 200 MB",
        "laughs.docx": "it cannot be read as what its name says",
        "scan.pdf": scanned,
        "broken.pdf": scanned,
        "broken.docx": "it cannot be read as what its name says",
        "latin.md": "it is not UTF-8 text; save it as UTF-8",
        "binary.txt": "it is not text",
        "long.md": f"it has {5 * (MOST_CHARACTERS // 4)} characters, and {MOST_CHARACTERS} are the most",
        "empty.md": scanned,
        "bell\\x07.md": "its name holds characters that cannot be shown",
        "pipe.md": "it is no file",
    }


def test_links_out_of_the_folder_are_not_followed(folder: Path):
    secret = folder.parent / "secret.md"
    secret.write_text(GPUS, encoding="utf-8")
    (folder / "good.md").write_text(APPROVAL, encoding="utf-8")
    (folder / "out.md").symlink_to(secret)
    (folder / "around.md").symlink_to(Path("..") / "handbook" / ".." / "secret.md")
    (folder / "all").symlink_to(folder.parent)
    (folder / "nowhere.md").symlink_to("gone.md")
    (folder / "self.md").symlink_to("self.md")
    (folder / "inside.md").symlink_to("good.md")
    found = read(folder)
    assert [each.id for each in found.documents] == ["documents/good.md", "documents/inside.md"]
    out = "it is a link that leads out of the folder"
    nowhere = "it is a link that leads nowhere"
    assert reasons(found) == {"out.md": out, "around.md": out, "nowhere.md": nowhere, "self.md": nowhere}


@pytest.mark.parametrize("target", ["file:///{secret}", "../../secret.txt", "{secret}"])
def test_a_word_document_cannot_pull_in_other_files(folder: Path, target: str):
    secret = folder.parent / "secret.txt"
    secret.write_text("the password is swordfish", encoding="utf-8")
    write_docx(folder / "linked.docx", "Rota", [OWNER], picture=target.format(secret=secret))
    found = read(folder)
    assert "swordfish" not in str(found)
    assert "c3dvcmRmaXNo" not in str(found)  # nor in base64


def test_a_git_working_tree_gives_what_it_tracks(folder: Path):
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)

    (folder / "kept.md").write_text(GPUS, encoding="utf-8")
    (folder / ".gitignore").write_text("drafts/\n", encoding="utf-8")
    (folder / "drafts").mkdir()
    (folder / "drafts" / "secret.md").write_text(APPROVAL, encoding="utf-8")
    git("init", "--quiet")
    git("config", "core.fsmonitor", f"touch {folder.parent / 'ran'}")
    git("add", "kept.md")
    (folder.parent / "ran").unlink(missing_ok=True)
    (folder / "untracked.md").write_text(APPROVAL, encoding="utf-8")
    assert [each.id for each in read(folder).documents] == ["documents/kept.md"]
    assert not (folder.parent / "ran").exists(), "a repository's own configuration ran a program"


def test_only_what_changed_is_converted_again(folder: Path, monkeypatch: pytest.MonkeyPatch):
    converted: list[str] = []
    convert = Converter.convert

    def noted(self: Converter, content: bytes, suffix: str) -> str:
        converted.append(suffix)
        return convert(self, content, suffix)

    monkeypatch.setattr(Converter, "convert", noted)
    (folder / "a.pdf").write_bytes(pdf([OWNER]))
    (folder / "scan.pdf").write_bytes(pdf([]))
    write_docx(folder / "b.docx", "Rota", [OWNER])
    first, again = read(folder), read(folder)
    assert again == first
    assert converted == [".pdf", ".docx", ".pdf"]
    write_docx(folder / "b.docx", "Rota", [OWNER, "And the team lead hears of it, too, on the next morning."])
    read(folder)
    assert converted[3:] == [".docx"]


def test_what_was_removed_leaves_no_text_behind(folder: Path):
    write_docx(folder / "rota.docx", "Rota", ["Call the swordfish team at night, whatever happens to the model."])
    (folder / "other.pdf").write_bytes(pdf([OWNER]))
    read(folder)
    cache = folder.parent / "home" / "cache" / "documents.sqlite"
    assert cache.stat().st_mode & 0o077 == 0
    assert b"swordfish" in cache.read_bytes()
    (folder / "rota.docx").unlink()
    read(folder)
    assert b"swordfish" not in cache.read_bytes()


def test_a_damaged_cache_is_filled_again(folder: Path):
    (folder / "other.pdf").write_bytes(pdf([OWNER]))
    first = read(folder)
    (folder.parent / "home" / "cache" / "documents.sqlite").write_bytes(b"nothing of the kind " * 100)
    assert read(folder) == first


def test_a_folder_that_is_away_stops_the_reading(folder: Path):
    folder.rmdir()
    with pytest.raises(DocumentsMissing, match="current index is unchanged"):
        read(folder)


def test_a_reader_that_takes_too_long_or_dies_is_replaced():
    with Converter(wait_s=0.001) as hasty, pytest.raises(Unreadable, match="longer than") as slow:
        hasty.convert(pdf([OWNER]), ".pdf")
    assert not slow.value.lasting
    with Converter() as converter:
        converter._begun()
        assert converter._process is not None
        converter._process.kill()
        with pytest.raises(Unreadable, match="more memory"):
            converter.convert(pdf([OWNER]), ".pdf")
        assert OWNER in converter.convert(pdf([OWNER]), ".pdf")


def test_a_reader_may_take_so_much_memory_and_no_more():
    with Converter(memory_bytes=200_000_000) as converter, pytest.raises(Unreadable, match="more memory"):
        converter.convert(pdf([OWNER]), ".pdf")


def test_without_the_extra_the_rest_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "risk.pdf").write_bytes(pdf([OWNER]))
    (folder / "good.md").write_text(GPUS, encoding="utf-8")
    monkeypatch.setattr("bot.documents.converting.find_spec", lambda _name: None)
    found = read(folder)
    assert [each.id for each in found.documents] == ["documents/good.md"]
    assert "pip install 'mlops-triage[documents]'" in reasons(found)["risk.pdf"]
    monkeypatch.undo()
    assert len(read(folder).documents) == 2, "it was not kept that it could not be read"
