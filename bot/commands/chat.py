"""`triage chat`: a conversation, in which a question can be answered."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from bot.app import Bot
from bot.channels.terminal import question_block, render
from bot.commands.console import open_bot, out
from bot.conversations.dialogue import continued, typed
from bot.errors import MessageUnreadable
from bot.guidance.tone import acknowledgement
from bot.triage import AskedQuestion, Clarify, Decline, Message

LEAVE = {"quit", "exit", "bye", ":q"}
MORE = "more"


@dataclass(frozen=True, slots=True)
class _Last:
    """What was said so far, and the barrier that it led to."""

    message: Message
    told: str | None


def chat() -> None:
    """Talk: say what hurts, choose when asked, add to what you said. `more` shows the long answer, `quit` ends."""
    bot = open_bot()
    out.print("What holds your team back? (quit to end, new to start over)", style="dim")
    last: _Last | None = None
    while (line := _read("> ")) is not None:
        match line.strip():
            case "":
                continue
            case word if word.lower() in LEAVE:
                return
            case "new":
                last = None
                out.print("A new question, then.", style="dim")
            case word if word.lower() == MORE and last:
                out.print(render(bot.reply(last.message), bot.version.knowledge, more=True))
            case text:
                last = _answer(bot, last, text)


def _answer(bot: Bot, last: _Last | None, text: str) -> _Last | None:
    """Reply to what this makes of the conversation; ask, and reply again, where a question is worth it."""
    try:
        earlier, told = (last.message, last.told) if last else (None, None)
        now = continued(earlier, text, None, told, lambda message: bot.triage(message).outcome)
        message = now.message
        reply = bot.reply(message)
        if last is None and isinstance(reply.outcome, Clarify) and (line := acknowledgement(message.text)):
            out.print(line)
        while isinstance(reply.outcome, Clarify):
            message = _asked(reply.outcome.question, message)
            reply = bot.reply(message)
    except MessageUnreadable as error:
        out.print(str(error), markup=False)
        return last
    out.print(render(reply, bot.version.knowledge))
    if now.alone or isinstance(reply.outcome, Decline):
        return last
    return _Last(message, reply.guidance.barrier.id if reply.guidance else None)


def _asked(question: AskedQuestion, message: Message) -> Message:
    """The message with what was chosen, or with what was typed instead of a number."""
    out.print(question_block(question))
    line = (_read(f"1-{len(question.choices) + 1}> ") or "").strip()
    return typed(message, question, line)


def _read(prompt: str) -> str | None:
    """A typed line; None at the end of the input."""
    try:
        return input(prompt)
    except EOFError:
        typer.echo()
        return None
    except RuntimeError:  # standard input is closed
        return None
