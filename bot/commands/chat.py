"""`triage chat`: a conversation, in which a question can be answered and another barrier picked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import typer

from bot.bot import Bot
from bot.channels.terminal import render
from bot.commands.console import open_bot, out
from bot.conversations.dialogue import Said, continued
from bot.conversations.message_view import said_by
from bot.errors import MessageUnreadable
from bot.guidance import listed
from bot.triage import Clarify, Decline, Message, ShortList

with suppress(ImportError):  # not on Windows; there the console edits lines by itself
    import readline as readline  # lets input() edit lines and remember them

LEAVE = {"quit", "exit", "bye", ":q"}
NEW, MORE, BACK = "new", "more", "back"


@dataclass(frozen=True, slots=True)
class _Last:
    """What was said so far, what we said to it, and the message before something was picked."""

    message: Message
    said: Said
    before_pick: Message | None = None

    @property
    def choices(self) -> int:
        """How many numbers can be typed; 0 where nothing is to be chosen."""
        if self.said.question:
            return len(self.said.question.choices) + 1
        return len(self.said.options) + (0 if self.said.barrier else 1) if self.said.options else 0

    @property
    def prompt(self) -> str:
        return f"1-{self.choices}> " if self.choices and self.said.barrier is None else "> "


def chat() -> None:
    """Talk: say what hurts, choose by number, ask about the answer. `more` shows all of it, `quit` ends."""
    bot = open_bot()
    out.print("What holds your team back? (quit to end, new to start over)", style="dim")
    last: _Last | None = None
    while (line := _read(last.prompt if last else "> ")) is not None:
        match line.strip():
            case "":
                continue
            case word if word.lower() in LEAVE:
                return
            case word if word.lower() == NEW:
                last = None
                out.print("A new question, then.", style="dim")
            case word if word.lower() == MORE and last and last.said.barrier:
                _show(bot, last.message, more=True)
            case word if word.lower() == BACK and last and last.before_pick:
                last = _answer(bot, last, last.before_pick)
            case word if word.isdecimal() and last and last.choices and not 1 <= int(word) <= last.choices:
                out.print(f"I gave you 1 to {last.choices}. Type one of these, or say it in your own words.")
            case text:
                last = _said(bot, last, text)


def _said(bot: Bot, last: _Last | None, text: str) -> _Last | None:
    earlier, said = (last.message, last.said) if last else (None, Said())
    try:
        now = continued(earlier, text, said, bot.look)
        if now.about and said.barrier:
            out.print(bot.detail(now.about, said.barrier), markup=False)
            return last
        return _answer(bot, last, now.message, is_aside=now.is_aside)
    except MessageUnreadable as error:
        out.print(str(error), markup=False)
        return last


def _answer(bot: Bot, last: _Last | None, message: Message, *, is_aside: bool = False) -> _Last | None:
    """Reply to what this makes of the conversation."""
    said, outcome = _show(bot, message, opening=last is None)
    if is_aside or isinstance(outcome, Decline):
        return last
    if not message.picked:
        return _Last(message, said)
    out.print(f"({BACK}: what I showed before; {MORE}: all of it)", style="dim")
    return _Last(message, said, last.message if last and not last.message.picked else last and last.before_pick)


def _show(bot: Bot, message: Message, *, more: bool = False, opening: bool = False) -> tuple[Said, object]:
    reply = bot.reply(message)
    version = bot.version
    out.print(render(reply, version.knowledge, version.number, more=more, opening=opening))
    match reply.outcome:
        case Clarify(question=question):
            return said_by(question), reply.outcome
        case ShortList() as shortlist:
            return said_by(listed(shortlist, "", version.knowledge, version.number)), shortlist
        case outcome:
            return said_by(reply.guidance), outcome


def _read(prompt: str) -> str | None:
    """Read a typed line; None at the end of the input."""
    try:
        return input(prompt)
    except EOFError:
        typer.echo()
        return None
    except RuntimeError:  # standard input is closed
        return None
