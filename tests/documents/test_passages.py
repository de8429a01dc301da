from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.documents.passages import PASSAGE_CHARACTERS, SECTION_CHARACTERS, TITLE_CHARACTERS, Passage, split

LONG = "This sentence is long enough to say something by itself. "


def test_headings_are_sections_and_the_only_first_one_the_title():
    title, passages = split(f"# The *guide*\n{LONG}\n## A [link](x)\n{LONG}\n### Deep\n{LONG}", "file")
    assert title == "The guide"
    assert [passage.section for passage in passages] == ["", "A link", "A link › Deep"]


def test_several_first_headings_are_sections():
    title, passages = split(f"# One\n{LONG}\n# Two\n{LONG}", "A file")
    assert (title, [passage.section for passage in passages]) == ("A file", ["One", "Two"])


def test_a_heading_in_code_is_none():
    _, (passage,) = split(f"```\n# no heading\n```\n{LONG}", "file")
    assert passage.section == ""


def test_what_is_short_says_nothing():
    assert split("# One\nfew words\n", "file") == ("One", ()) or split("# One\nfew words\n", "file") == ("file", ())


def test_broken_front_matter_is_left_out():
    title, passages = split(f"---\ntitle: [broken\n---\n{LONG}", "file")
    assert (title, passages) == ("file", (Passage("", LONG.strip()),))


@given(st.text(max_size=3000), st.text(max_size=200))
def test_whatever_it_says_titles_are_one_short_line(text: str, heading: str):
    title, passages = split(f"# {heading}\n## {heading}\n{text}", "file")
    for said in (title, *(passage.section for passage in passages)):
        assert said.isprintable()
    assert len(title) <= TITLE_CHARACTERS
    assert all(len(passage.section) <= SECTION_CHARACTERS for passage in passages)
    assert all(len(passage.text) <= PASSAGE_CHARACTERS for passage in passages)
