from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.index.vectors import VectorCache, content_hash, read_packaged, write_packaged
from bot.retrieval.encoder import Encoder, Vectors
from tests.index.desk import RecordingEncoder

TEXTS = ["releases wait for a signature", "nobody owns the data"]


@pytest.fixture
def encoder(encoder: Encoder) -> RecordingEncoder:
    return RecordingEncoder(encoder, "recording")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "vectors.sqlite"


def encode(cache: VectorCache, encoder: RecordingEncoder, texts: list[str]) -> np.ndarray:
    return cache.encode(encoder, texts, lambda _done, _of: None)


def test_a_text_is_encoded_once_and_gets_the_encoders_vector(file: Path, encoder: RecordingEncoder):
    first = encode(VectorCache(file), encoder, TEXTS)
    again = encode(VectorCache(file), encoder, TEXTS[::-1])
    assert encoder.asked == TEXTS
    assert (first == encoder.real.encode(TEXTS)).all()
    assert (again == first[::-1]).all()


def test_a_text_that_stands_twice_is_encoded_once(file: Path, encoder: RecordingEncoder):
    vectors = encode(VectorCache(file), encoder, [TEXTS[0], TEXTS[1], TEXTS[0]])
    assert encoder.asked == TEXTS
    assert (vectors[0] == vectors[2]).all()


def test_only_the_new_text_is_encoded(file: Path, encoder: RecordingEncoder):
    encode(VectorCache(file), encoder, TEXTS[:1])
    encode(VectorCache(file), encoder, TEXTS)
    assert encoder.asked == TEXTS


class Negative:
    """An encoder that gives other vectors."""

    def encode(self, texts) -> Vectors:
        return np.tile(np.eye(1, 384, dtype=np.float32), (len(texts), 1))


def test_another_encoder_has_vectors_of_its_own(file: Path, encoder: RecordingEncoder):
    other = RecordingEncoder(Negative(), "other")
    mine, others = encode(VectorCache(file), encoder, TEXTS), encode(VectorCache(file), other, TEXTS)
    assert other.asked == TEXTS
    assert not np.allclose(mine, others)
    assert (encode(VectorCache(file), encoder, TEXTS) == mine).all()


def test_packaged_vectors_come_first(file: Path, encoder: RecordingEncoder, tmp_path: Path):
    packaged = tmp_path / "vectors.npz"
    unit = np.eye(1, 384, dtype=np.float32)[0]
    write_packaged(packaged, {encoder.id: {content_hash(TEXTS[0]): unit}})
    encode(VectorCache(file), encoder, TEXTS)
    vectors = encode(VectorCache(file, packaged), encoder, TEXTS)
    assert (vectors[0] == unit).all()
    assert (vectors[1] == encoder.real.encode(TEXTS[1:])[0]).all()
    assert read_packaged(packaged, "other") == {}


def test_with_everything_packaged_no_file_is_made(file: Path, encoder: RecordingEncoder, tmp_path: Path):
    write_packaged(
        tmp_path / "vectors.npz", {encoder.id: {content_hash(TEXTS[0]): np.eye(1, 384, dtype=np.float32)[0]}}
    )
    encode(VectorCache(file, tmp_path / "vectors.npz"), encoder, TEXTS[:1])
    assert not file.exists()


def test_progress_counts_what_was_known_and_ends_with_all(file: Path, encoder: RecordingEncoder):
    encode(VectorCache(file), encoder, TEXTS)
    reports: list[tuple[int, int]] = []
    texts = [*TEXTS, *(f"message {number}" for number in range(70))]
    VectorCache(file).encode(encoder, texts, lambda done, of: reports.append((done, of)))
    assert reports == [(2, 72), (66, 72), (72, 72)]


def overwritten(file: Path, start: float, end: float, byte: bytes) -> None:
    content = bytearray(file.read_bytes())
    first, last = int(len(content) * start), int(len(content) * end)
    content[first:last] = byte * (last - first)
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("start", "end", "byte"),
    [
        pytest.param(0, 1, b"x", id="not a database"),
        pytest.param(0.1, 0.9, b"\xff", id="garbage in the middle"),
        pytest.param(0.3, 0.7, b"\0", id="zeros in the middle"),
        pytest.param(0, 0.5, b"\0", id="no head"),
    ],
)
def test_a_damaged_file_is_thrown_away(file: Path, encoder: RecordingEncoder, start: float, end: float, byte: bytes):
    texts = [f"message {number}" for number in range(20)]
    whole = encode(VectorCache(file), encoder, texts)
    overwritten(file, start, end, byte)
    assert (encode(VectorCache(file), encoder, texts) == whole).all()
    asked = len(encoder.asked)
    assert (encode(VectorCache(file), encoder, texts) == whole).all()
    assert len(encoder.asked) == asked


def test_a_file_cut_short_is_thrown_away(file: Path, encoder: RecordingEncoder):
    texts = [f"message {number}" for number in range(20)]
    whole = encode(VectorCache(file), encoder, texts)
    file.write_bytes(file.read_bytes()[:-9000])
    assert (encode(VectorCache(file), encoder, texts) == whole).all()


@pytest.mark.parametrize("altered", [b"", b"\0" * 1536, b"\0\0\x80\x7f" * 384], ids=["empty", "zeros", "infinite"])
def test_an_altered_vector_is_encoded_again(file: Path, encoder: RecordingEncoder, altered: bytes):
    whole = encode(VectorCache(file), encoder, TEXTS)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("update vectors set vector = ? where key = ?", (altered, content_hash(TEXTS[0])))
    assert (encode(VectorCache(file), encoder, TEXTS) == whole).all()


def test_a_place_that_takes_no_file_is_an_error(tmp_path: Path, encoder: RecordingEncoder):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        encode(VectorCache(tmp_path / "file" / "vectors.sqlite"), encoder, TEXTS)


def test_an_encoder_that_fails_leaves_what_was_kept(file: Path, encoder: RecordingEncoder):
    encode(VectorCache(file), encoder, TEXTS)
    silent = replace(encoder, answers=False, asked=[])
    assert encode(VectorCache(file), silent, TEXTS).shape == (2, 384)
