"""`python -m tests.pictures.messages`: what Slack shows, drawn into deploy/pictures. The bot's words are its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.app import Bot, Reply, encoders_of
from bot.channels.slack.blocks import render
from bot.channels.slack.markup import plain
from bot.channels.slack.receipts import EYES
from bot.channels.slack.words import COMMAND
from bot.conversations.dialogue import continued, worth_reading
from bot.conversations.shown import HOW_TO_ASK, Body, Shown
from bot.guidance.declined import declined
from bot.index.index import Index
from bot.knowledge import packaged_knowledge
from bot.settings import Settings
from bot.triage import Clarify, Decline, Message, Triage
from tests.pictures.__main__ import draw, photograph

TARGET = Path(__file__).parents[2] / "deploy" / "pictures"
TODAY = date(2026, 11, 23)
BOT, BOT_NAME = "U0BOT", "MLOps Triage"
PEOPLE = {BOT: BOT_NAME, "U0ANA": "Ana Ruiz", "U0BO": "Bo Lind", "U0MEI": "Mei Tan"}
WIDTH, SCALE, MOST_BYTES = 720, 2, 150_000
RELEASES = "Every release waits three weeks for the security board to sign it off"
Page = dict[str, Any]
Line = dict[str, Any]


def main() -> None:
    with TemporaryDirectory() as home:
        encoders = encoders_of(Settings(triage_embeddings=None))
        index = Index(Path(home), packaged_knowledge(), encoders)
        bot = Bot(index.open(TODAY, lambda _what, _done: None, print), encoders, lambda: TODAY)
        pages = pages_of(bot)
    for name, page in pages.items():
        picture = photograph(draw(page), width=WIDTH, scale=SCALE)
        target = TARGET / f"slack-{name}.png"
        target.write_bytes(picture)
        print(f"{target.relative_to(Path.cwd())}: {len(picture) / 1000:.0f} kB")
        if len(picture) > MOST_BYTES:
            raise SystemExit(f"{target.name} is too large")


def pages_of(bot: Bot) -> dict[str, Page]:
    return {
        "answer": _answer(bot),
        "question": _question(bot),
        "more": _more(bot),
        "private": _private(bot),
        "direct": _direct(bot),
        "decline": _decline(bot),
    }


def _answer(bot: Bot) -> Page:
    asked = _said("U0ANA", "10:02", f"<@{BOT}> {RELEASES}", reactions=[EYES])
    return _page("#ml-platform", "Thread", asked, _reply(bot, [asked], "10:02", tried_by=("U0BO",)))


def _question(bot: Bot) -> Page:
    asked = _said("U0BO", "11:40", f"<@{BOT}> deployment is a nightmare", reactions=[EYES])
    return _page("#ml-platform", "Thread", asked, _reply(bot, [asked], "11:40"))


def _more(bot: Bot) -> Page:
    asked = _said("U0ANA", "10:02", f"<@{BOT}> {RELEASES}", reactions=[EYES])
    return _page("#ml-platform", "Thread", asked, _reply(bot, [asked], "10:02", more=True))


def _private(bot: Bot) -> Page:
    """Slack does not show a command; the picture does, so that one sees what was asked."""
    asked = _said("U0MEI", "14:15", "Half our cloud budget goes on idle GPUs.")
    page = _page("#ml-platform", "", _reply(bot, [asked], "14:15", private=True))
    page["subtitle"] = f"after {COMMAND} {asked['text']}"
    return page


def _direct(bot: Bot) -> Page:
    texts = (
        "hey",
        "quick question",
        "nobody wants to own the fraud model after launch: data science says ops, ops says data science",
    )
    asked = [_said("U0MEI", "16:20", text) for text in texts]
    return _page(BOT_NAME, "Direct message", *asked, _reply(bot, asked, "16:20", direct=True))


def _decline(bot: Bot) -> Page:
    unlike = _said("U0BO", "09:10", f"<@{BOT}> my keras model throws a shape error in the Dense layer, what is wrong?")
    empty = _said("U0MEI", "09:31", f"<@{BOT}>")
    lines = [unlike, _reply(bot, [unlike], "09:10"), empty, _reply(bot, [empty], "09:31")]
    return _page("#ml-platform", "", *({**line, "thread": False} for line in lines))


def _page(title: str, subtitle: str, *lines: Line) -> Page:
    return {"title": title, "subtitle": subtitle, "people": PEOPLE, "messages": list(lines)}


def _said(person: str, time: str, text: str, **more: Any) -> Line:
    return {"name": PEOPLE[person], "time": time, "text": text, **more}


def _reply(bot: Bot, asked: list[Line], time: str, **shown: Any) -> Line:
    texts = [plain(line["text"], BOT) for line in asked]
    rendered = render(Shown("turn", _body(bot, texts), "U0ANA", messages=len(texts), **shown))
    return {
        "name": BOT_NAME,
        "bot": True,
        "time": time,
        "blocks": rendered.payload,
        "thread": not shown.get("private") and not shown.get("direct"),
        "ephemeral": shown.get("private", False),
    }


def _body(bot: Bot, texts: Iterable[str]) -> Body:
    said = [text for text in texts if text]
    if not said:
        return HOW_TO_ASK

    def judge(message: Message) -> Triage:
        return bot.triage(message).outcome

    text = "\n".join(worth_reading(said, judge))
    reply: Reply = bot.reply(continued(None, text, None, None, judge).message)
    match reply.outcome:
        case Clarify(question=question):
            return question
        case Decline() as decline:
            return declined(decline, bot.version.knowledge)
        case _:
            assert reply.guidance is not None
            return reply.guidance


if __name__ == "__main__":
    main()
