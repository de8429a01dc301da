from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.retrieval.hits import Hit
from bot.retrieval.lexical import LexicalIndex, write_lexical_index

ROWS = [
    ("A/card", "card", "A", "Releases wait for a signature. Nobody signs releases."),
    ("A/symptom/0", "symptom", "A", "the security team signs every release by hand"),
    ("B/card", "card", "B", "Datasets have no owner"),
    ("B/symptom/0", "symptom", "B", "who owns the dataset, and where is it?"),
    ("C/card", "card", "C", "Modelle laufen über drei Länder"),
    ("C/symptom/0", "symptom", "C", "near or not, the columns: text id kind"),
]


@pytest.fixture(scope="module")
def lexical(tmp_path_factory: pytest.TempPathFactory):
    file = tmp_path_factory.mktemp("lexical") / "lexical.sqlite"
    write_lexical_index(file, ROWS)
    index = LexicalIndex(file)
    yield index
    index.close()


def ids(hits: list[Hit]) -> list[str]:
    return [hit.id for hit in hits]


def test_a_hit_carries_its_record(lexical: LexicalIndex):
    (hit,) = lexical.search("Länder", 5)
    assert (hit.id, hit.kind, hit.barrier, hit.text) == ROWS[4]
    assert hit.origin == "lexical"
    assert hit.score > 0


@pytest.mark.parametrize("text", ["release", "releases", "RELEASED", "releasing?", "  release,release  "])
def test_words_are_found_in_their_other_forms(lexical: LexicalIndex, text: str):
    assert sorted(ids(lexical.search(text, 5))) == ["A/card", "A/symptom/0"]


def test_accents_do_not_matter(lexical: LexicalIndex):
    assert ids(lexical.search("uber lander", 5)) == ["C/card"]


def test_the_best_come_first(lexical: LexicalIndex):
    hits = lexical.search("nobody has a signature for releases", 10)
    assert hits[0].id == "A/card"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_equal_scores_are_in_the_order_of_ids(tmp_path: Path):
    write_lexical_index(tmp_path / "l.sqlite", [(id, "card", "X", "the same words") for id in ("b", "c", "a")])
    index = LexicalIndex(tmp_path / "l.sqlite")
    assert ids(index.search("words", 5)) == ["a", "b", "c"]
    index.close()


@pytest.mark.parametrize("limit", [0, 1, 2, 100])
def test_no_more_than_the_limit_come(lexical: LexicalIndex, limit: int):
    assert len(lexical.search("releases datasets", limit)) == min(limit, 4)


@pytest.mark.parametrize("text", ["", "   ", "?!", "🤖", "---"])
def test_a_text_without_words_finds_nothing(lexical: LexicalIndex, text: str):
    assert lexical.search(text, 5) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param('"releases" AND "nothing"', ["A/card", "A/symptom/0", "B/symptom/0"], id="and"),
        pytest.param("NOT releases", ["A/card", "A/symptom/0", "C/symptom/0"], id="not"),
        pytest.param("signature NEAR datasets", ["A/card", "B/card", "B/symptom/0", "C/symptom/0"], id="near"),
        pytest.param("barrier:C", [], id="a column"),
        pytest.param("own*", ["B/symptom/0"], id="a prefix"),
        pytest.param("'; drop table records; --", [], id="SQL"),
        pytest.param('un"balanced (quote* ^', [], id="quotes"),
    ],
)
def test_nothing_of_a_text_is_read_as_a_query(lexical: LexicalIndex, text: str, found: list[str]):
    assert sorted(ids(lexical.search(text, 10))) == found


@given(st.text(max_size=300) | st.text(alphabet="\"*^:()+-{}\\AND OR NOT NEAR text\0\n'", max_size=80))
def test_no_text_is_an_error(lexical: LexicalIndex, text: str):
    assert len(lexical.search(text, 3)) <= 3


def test_a_very_long_text_is_no_error(lexical: LexicalIndex):
    assert "B/card" in ids(lexical.search("owner " + " ".join(f"word{number}" for number in range(20_000)), 5))


def test_several_threads_may_search(lexical: LexicalIndex):
    found: list[list[str]] = []

    def search() -> None:
        found.append(ids(lexical.search("owner", 5)))
        lexical.close()

    threads = [Thread(target=search) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["B/card"]] * 8


def test_reading_leaves_no_file_beside_it(tmp_path: Path):
    write_lexical_index(tmp_path / "l.sqlite", ROWS)
    index = LexicalIndex(tmp_path / "l.sqlite")
    index.search("owner", 5)
    assert [file.name for file in tmp_path.iterdir()] == ["l.sqlite"]
    index.close()


def test_a_place_that_takes_no_file_is_an_error(tmp_path: Path):
    with pytest.raises(sqlite3.Error):
        write_lexical_index(tmp_path / "none" / "l.sqlite", ROWS)
