from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MessageUnreadable
from bot.triage.message import MAX_CHARACTERS, clean, has_words


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        pytest.param("  models\t wait  ", "models wait", id="spaces"),
        pytest.param("one\ntwo", "one\ntwo", id="a line's end stays"),
        pytest.param("one\r\ntwo", "one \ntwo", id="Windows line's end"),
        pytest.param("\x1b[31mred\x1b[0m", "[31mred [0m", id="an escape sequence loses its escape"),
        pytest.param("a\x00b\x07c", "a b c", id="NUL and bell"),
        pytest.param("\u202egnp.exe\u202c", "gnp.exe", id="right-to-left override"),
        pytest.param("a\u200bb\ufeffc", "a b c", id="zero width"),
        pytest.param("a\udcffb", "a b", id="a lone surrogate"),
        pytest.param("\ue000x", "x", id="private use"),
        pytest.param("cafe\u0301", "café", id="composed"),
        pytest.param("👩\u200d💻 left", "👩\u200d💻 left", id="a joined emoji stays joined"),
        pytest.param("نماذجنا لا تصل", "نماذجنا لا تصل", id="letters that run from right to left stay"),
    ],
)
def test_clean(text: str, cleaned: str):
    assert clean(text) == cleaned


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x1b", "\u200b\u202e", "\u200d", "\ud800"])
def test_a_message_of_nothing_visible_is_empty(text: str):
    with pytest.raises(MessageUnreadable, match="empty"):
        clean(text)


def test_ten_thousand_characters_are_read_and_one_more_is_not():
    assert len(clean("x" * MAX_CHARACTERS)) == 10_000
    with pytest.raises(MessageUnreadable, match="10,001 characters and 10,000 are read"):
        clean("x" * (MAX_CHARACTERS + 1))


@given(st.text(st.characters(categories=["Cc", "Cf", "Cs", "Co", "L", "P", "Zs"]), min_size=1, max_size=60))
def test_a_cleaned_text_is_visible_and_stays_as_it_is(text: str):
    try:
        cleaned = clean(text)
    except MessageUnreadable:
        return
    assert not [c for c in cleaned if c not in "\n\u200d" and unicodedata.category(c).startswith("C")]
    assert clean(cleaned) == cleaned
    cleaned.encode()


@pytest.mark.parametrize(
    ("text", "words"), [("ok", True), ("日本", True), ("👍", False), ("12 %", False), ("?!", False)]
)
def test_has_words(text: str, words: bool):
    assert has_words(text) is words
