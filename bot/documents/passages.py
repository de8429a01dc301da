"""A document's text -> passages, each with the headings that it stands under."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

PASSAGE_CHARACTERS, SHORTEST = 1200, 40
"""What the encoder reads in one piece; less than SHORTEST says nothing by itself."""
TITLE_CHARACTERS, SECTION_CHARACTERS = 120, 120
HEADINGS = [("#", "1"), ("##", "2"), ("###", "3")]

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_MARKUP = re.compile(r"[*_`]+|\[([^\]]*)\]\([^)]*\)|<[^>]*>")


@dataclass(frozen=True, slots=True)
class Passage:
    """`section` is the way of headings to it, as plain text; empty above the first."""

    section: str
    text: str


def split(markdown: str, title: str) -> tuple[str, tuple[Passage, ...]]:
    """Return the document's own title, `title` where it has none, and its passages."""
    from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter

    given, body = _front_matter(markdown)
    by_heading = MarkdownHeaderTextSplitter(HEADINGS, strip_headers=True).split_text(body)
    by_length = RecursiveCharacterTextSplitter(chunk_size=PASSAGE_CHARACTERS, chunk_overlap=0)
    heads = [{level: _plain(name) for level, name in part.metadata.items()} for part in by_heading]
    firsts = list(dict.fromkeys(head["1"] for head in heads if "1" in head))
    # One heading of the first level is the title, several are sections.
    own = given or (firsts[0] if len(firsts) == 1 else "")
    passages = [
        Passage(_section(head, own), text)
        for head, part in zip(heads, by_heading, strict=True)
        for text in by_length.split_text(part.page_content)
        if len(text.strip()) >= SHORTEST
    ]
    return (own or title)[:TITLE_CHARACTERS], tuple(passages)


def _section(head: dict[str, str], title: str) -> str:
    names = [name for _, name in sorted(head.items()) if name and name != title]
    return " › ".join(names)[:SECTION_CHARACTERS]


def _front_matter(markdown: str) -> tuple[str, str]:
    """Return the title that stands above the text, and the text."""
    found = _FRONT_MATTER.match(markdown)
    if not found:
        return "", markdown
    try:
        fields: object = yaml.safe_load(found[1])
    except yaml.YAMLError:
        return "", markdown[found.end() :]
    title: object = dict(_pairs(fields)).get("title")
    return _plain(title) if isinstance(title, str) else "", markdown[found.end() :]


def _pairs(fields: object) -> Iterator[tuple[object, object]]:
    if isinstance(fields, dict):
        yield from fields.items()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _plain(heading: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in heading)
    return " ".join(_MARKUP.sub(lambda match: match[1] or "", shown).split())
