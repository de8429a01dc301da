"""Slack's message markup: read it as plain text, and write plain text that can never be read as markup."""

from __future__ import annotations

import re
from html import unescape

_ENTITY = re.compile(r"<([^<>\n]*)>")
_OPENING_MENTION = re.compile(r"\s*<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_LINKLIKE = re.compile(r"(?<=\w)\.(?=\w)|(?<=:)//|@(?=\w)|(?<=\b\w)(?=www\.)")
_MENTION_WORDS = {"here": "everyone here", "channel": "everyone", "everyone": "everyone"}
WORD_JOINER = "\u2060"


def plain(text: str, bot_user: str) -> str:
    """Tell what a person reads in it: our own name taken out, links as their labels, no angle brackets left."""
    return unescape(_ENTITY.sub(lambda entity: _read(entity[1], bot_user), text)).strip()


def names(text: str, user: str) -> bool:
    return f"<@{user}>" in text or f"<@{user}|" in text


def opens_with_another(text: str, bot_user: str) -> bool:
    """Tell whether it begins with the name of somebody who is not us."""
    opening = _OPENING_MENTION.match(text)
    return opening is not None and opening[1] != bot_user


def escape(text: str) -> str:
    """Slack's three markup characters; `&` first, or it would escape the others twice."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def inert(text: str) -> str:
    """Somebody's own words, unable to turn into a link or a mention in any client: invisible joiners break them up."""
    return _LINKLIKE.sub(lambda found: f"{WORD_JOINER}{found[0]}{WORD_JOINER}", text)


def _read(entity: str, bot_user: str) -> str:
    target, _, label = entity.partition("|")
    match target[:1]:
        case "@":
            return "" if target[1:] == bot_user else "somebody"
        case "#":
            return f"#{label}" if label else "a channel"
        case "!":
            word = target[1:].split("^")[0]
            return _MENTION_WORDS.get(word, label or "")
        case _:
            return label or target.removeprefix("mailto:")
