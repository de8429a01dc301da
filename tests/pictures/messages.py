"""`python -m tests.pictures.messages`: what Slack shows, drawn into deploy/pictures. The bot's words are its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.bot import Bot
from bot.channels.slack.blocks import render
from bot.channels.slack.markup import plain
from bot.channels.slack.words import COMMAND
from bot.conversations.dialogue import Said
from bot.conversations.message_view import Body, MessageView, said_by
from bot.conversations.replying import Asked, Selections, answered
from bot.index.index import Index
from bot.knowledge import packaged_knowledge
from bot.settings import Settings
from bot.wiring import encoder_of
from tests.pictures.__main__ import draw, photograph

TARGET = Path(__file__).parents[2] / "deploy" / "pictures"
TODAY = date(2026, 11, 23)
BOT, BOT_NAME = "U0BOT", "MLOps Triage"
PEOPLE = {BOT: BOT_NAME, "U0ANA": "Ana Ruiz", "U0BO": "Bo Lind", "U0MEI": "Mei Tan"}
WIDTH, SCALE, MOST_BYTES = 720, 2, 150_000
RELEASES = "Every release waits three weeks for the security board. It signs off even a one line fix, on paper"
COSTS = "Half our cloud budget goes on idle GPUs, nobody switches them off at night and nobody reads the bill."
UNSURE = "The model has been in a notebook since March, and infra says deploying it is not their job."
GERMAN = "Jedes Modell-Update wartet sechs Wochen auf die Rechtsabteilung, und bis dahin ist es veraltet"
Page = dict[str, Any]
Line = dict[str, Any]


def main() -> None:
    with TemporaryDirectory() as home:
        encoder = encoder_of(Settings(triage_embeddings=None))
        index = Index(Path(home), packaged_knowledge(), encoder)
        bot = Bot(index.open(TODAY, lambda _what, _done: None, print), encoder, lambda: TODAY)
        pages = pages_of(bot)
    for name, page in pages.items():
        picture = photograph(draw(page), width=WIDTH, scale=SCALE)
        if len(picture) > MOST_BYTES:
            picture = photograph(draw(page), width=WIDTH, scale=1)
        target = TARGET / f"slack-{name}.png"
        target.write_bytes(picture)
        print(f"{target.relative_to(Path.cwd())}: {len(picture) / 1000:.0f} kB")
        if len(picture) > MOST_BYTES:
            raise SystemExit(f"{target.name} is too large")


def pages_of(bot: Bot) -> dict[str, Page]:
    return {
        "answer": _answer(bot),
        "list": _list(bot),
        "picked": _list(bot, pick=1),
        "german": _german(bot),
        "question": _question(bot),
        "more": _more(bot),
        "private": _private(bot),
        "direct": _direct(bot),
        "shared": _shared(bot),
    }


def _answer(bot: Bot) -> Page:
    asked = _said("U0ANA", "10:02", f"<@{BOT}> {RELEASES}")
    return _page("#ml-platform", "Thread", asked, _reply(bot, [asked], "10:02", tried_by=("U0BO",)))


def _list(bot: Bot, pick: int | None = None) -> Page:
    asked = _said("U0MEI", "09:12", f"<@{BOT}> {UNSURE}")
    picked = None if pick is None else said_by(_body(bot, [UNSURE])).options[pick]
    return _page("#ml-platform", "Thread", asked, _reply(bot, [asked], "09:12", picked=picked, tapped=bool(picked)))


def _german(bot: Bot) -> Page:
    asked = _said("U0BO", "15:31", f"<@{BOT}> {GERMAN}")
    return _page("#ml-platform", "Thread", asked, _reply(bot, [asked], "15:31"))


def _question(bot: Bot) -> Page:
    asked = _said("U0BO", "11:40", f"<@{BOT}> deployment is a nightmare")
    return _page("#ml-platform", "Thread", asked, _reply(bot, [asked], "11:40"))


def _more(bot: Bot) -> Page:
    asked = _said("U0ANA", "10:02", f"<@{BOT}> {RELEASES}")
    return _page("#ml-platform", "Thread", asked, _reply(bot, [asked], "10:02", more=True))


def _private(bot: Bot) -> Page:
    """Slack does not show a command; the picture does, so that one sees what was asked."""
    asked = _said("U0MEI", "14:15", COSTS)
    page = _page("#ml-platform", "", _reply(bot, [asked], "14:15", private=True))
    page["subtitle"] = f"after {COMMAND} {asked['text']}"
    return page


def _direct(bot: Bot) -> Page:
    texts = (
        "hey",
        "quick question",
        "nobody owns the fraud model since the project ended, and when it breaks nobody knows whom to call",
    )
    asked = [_said("U0MEI", "16:20", text) for text in texts]
    return _page(BOT_NAME, "Direct message", *asked, {**_reply(bot, asked, "16:20"), "thread": False})


def _shared(bot: Bot) -> Page:
    """What the channel sees of a private answer: none of the asker's words."""
    asked = _said("U0MEI", "14:15", COSTS)
    copy = _reply(bot, [asked], "14:16", shared_by="U0MEI", with_quotes=False)
    return _page("#ml-platform", "", {**copy, "thread": False})


def _page(title: str, subtitle: str, *lines: Line) -> Page:
    return {"title": title, "subtitle": subtitle, "people": PEOPLE, "messages": list(lines)}


def _said(person: str, time: str, text: str, **more: Any) -> Line:
    return {"name": PEOPLE[person], "time": time, "text": text, **more}


def _reply(bot: Bot, asked: list[Line], time: str, picked: str | None = None, **view: Any) -> Line:
    texts = [plain(line["text"], BOT) for line in asked]
    rendered = render(MessageView("turn", _body(bot, texts, picked), "U0ANA", messages=len(texts), **view))
    return {
        "name": BOT_NAME,
        "bot": True,
        "time": time,
        "blocks": rendered.payload,
        "thread": not view.get("private"),
        "ephemeral": view.get("private", False),
    }


def _body(bot: Bot, texts: Iterable[str], picked: str | None = None) -> Body:
    said = tuple(text for text in texts if text)
    return answered(
        bot, Asked(said, Selections(picked=picked), is_aside=False, earlier=None, said=Said(), external_user=False)
    ).body


if __name__ == "__main__":
    main()
