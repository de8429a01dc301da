"""`triage chat`: a conversation, in which a question can be answered."""

from __future__ import annotations

from dataclasses import replace

import typer

from bot.app import Bot
from bot.channels.terminal import SOMETHING_ELSE, question_block, render
from bot.commands.console import open_bot, out
from bot.errors import MessageUnreadable
from bot.triage import AskedQuestion, Clarify, Message

LEAVE = {"quit", "exit", "bye", ":q"}
MORE = "more"


def chat() -> None:
    """Talk: say what hurts, choose when asked, add to what you said. `more` shows the long answer, `quit` ends."""
    bot = open_bot()
    out.print("What holds your team back? (quit to end, new to start over)", style="dim")
    last: Message | None = None
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
                out.print(render(bot.reply(last), bot.version.knowledge, more=True))
            case text:
                last = _answer(bot, _added(last, text)) or last


def _added(last: Message | None, text: str) -> Message:
    """What was said so far and what is said now; what was chosen stays chosen."""
    return replace(last, text=f"{last.text}\n{text}") if last else Message(text)


def _answer(bot: Bot, message: Message) -> Message | None:
    """Reply; ask and reply again where a question is worth it. The message as it was answered, None if unreadable."""
    try:
        reply = bot.reply(message)
        if isinstance(reply.outcome, Clarify):
            message = _asked(reply.outcome.question, message)
            reply = bot.reply(message)
    except MessageUnreadable as error:
        out.print(str(error), markup=False)
        return None
    out.print(render(reply, bot.version.knowledge))
    return message


def _asked(question: AskedQuestion, message: Message) -> Message:
    """The message with what was chosen, or with what was typed instead of a number."""
    out.print(question_block(question))
    line = (_read(f"1-{len(question.choices) + 1}> ") or "").strip()
    if line.isdecimal() and 1 <= int(line) <= len(question.choices):
        return Message(message.text, asked=True, offered=question.choices, chosen=question.choices[int(line) - 1])
    if line.isdecimal() or not line or line.lower() == SOMETHING_ELSE.lower():
        return Message(message.text, asked=True, offered=question.choices)
    return Message(f"{message.text}\n{line}", asked=True)


def _read(prompt: str) -> str | None:
    """A typed line; None at the end of the input."""
    try:
        return input(prompt)
    except EOFError:
        typer.echo()
        return None
