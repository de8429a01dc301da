"""`triage ask`: one message, or many from a file."""

from __future__ import annotations

import json
import sys
from codecs import BOM_UTF8
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from bot.bot import Bot, Reply
from bot.channels.terminal import explanation_block, render
from bot.commands.console import notify, open_bot, show
from bot.documents import SHELL
from bot.errors import MessageUnreadable
from bot.outcomes import BatchMessage, batch_outcome, explanation_document, guidance_document
from bot.triage import Answer, Clarify, Decline, Message, ShortList, Triage

_HINTS: dict[type[Triage], str] = {
    Clarify: "Answer it in: triage chat",
    ShortList: "Add --pick N to see that answer; triage chat goes on from here.",
}


def ask(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TEXT]", help="What hurts, in your own words, in quotes; standard input if left out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    batch: Annotated[
        Path | None, typer.Option(help="Read JSON Lines {id, text} and write one JSON line each; - is standard input.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show every stage with its scores.")] = False,
    more: Annotated[bool, typer.Option("--more", help="Show the long answer.")] = False,
    pick: Annotated[
        int | None, typer.Option("--pick", metavar="N", min=1, help="Show the answer for number N of what it could be.")
    ] = None,
) -> None:
    """Say what hurts and get categorised guidance."""
    if batch is not None:
        if words or explain or more or as_json or pick:
            raise typer.BadParameter("--batch takes no message, --json, --explain, --more or --pick beside it")
        _ask_batch(batch)
        return
    if as_json and more:
        raise typer.BadParameter("--json holds the whole answer already; leave --more out")
    message = Message(_typed(words or []))
    if not message.text.strip():
        raise MessageUnreadable("The message is empty. Say in a sentence or two what hurts.")
    bot = open_bot()
    reply = bot.reply(message, SHELL, bot.documents)
    if pick is not None:
        reply = bot.reply(_picked(reply, pick), SHELL, bot.documents)
    if as_json:
        document = batch_outcome(None, reply, bot.version.number).model_dump(exclude={"id"})
        document["guidance"] = guidance_document(reply.guidance) if reply.guidance else None
        if explain:
            document["explanation"] = explanation_document(reply)
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    show(render(reply, bot.version.knowledge, bot.version.number, more=more))
    if hint := _HINTS.get(type(reply.outcome)):
        show(hint, style="dim")
    if explain:
        show("", explanation_block(reply.explanation))


def _picked(reply: Reply, number: int) -> Message:
    """Return the message with the barrier of that number on its list."""
    match reply.outcome:
        case Answer(others=options) | ShortList(barriers=options):
            if number > len(options):
                raise typer.BadParameter(f"this message has {len(options)} to pick from", param_hint="--pick")
            return replace(reply.explanation.message, picked=options[number - 1].id)
        case Clarify() | Decline():
            raise typer.BadParameter("this message has nothing to pick from; leave it out", param_hint="--pick")


def _typed(words: list[str]) -> str:
    if len(words) > 1:
        raise typer.BadParameter(f'put the message in quotes: triage ask "{" ".join(words)}"')
    if words and words[0] != "-":
        return words[0]
    if sys.stdin is None or sys.stdin.isatty():  # pyright: ignore[reportUnnecessaryComparison] - None when it is closed
        raise typer.BadParameter('nothing to triage. Try: triage ask "our releases wait three weeks for security"')
    raw = sys.stdin.buffer.read()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MessageUnreadable(f"Standard input is not UTF-8 text (byte {error.start + 1}). Send text.") from error


def _standard_input() -> bytes:
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - it is, when it is closed
        raise typer.BadParameter("standard input is closed", param_hint="--batch")
    return sys.stdin.buffer.read()


def _ask_batch(file: Path) -> None:
    lines = _lines(file)
    bot = open_bot()
    failed = sum(not _answer_line(bot, number, line) for number, line in lines)
    if failed:
        notify(f"{failed} of the lines could not be answered; the others were.")
        raise typer.Exit(1)


def _what_is_wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    if not first["loc"]:
        return 'it is no JSON object. Write {"id": …, "text": …} on one line.'
    key = str(first["loc"][0])
    wanted = "a text or a whole number" if key == "id" else "a text"
    return f"{key} is missing." if first["type"] == "missing" else f"{key} must be {wanted}."


def _lines(file: Path) -> list[tuple[int, bytes]]:
    try:
        raw = _standard_input() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="--batch") from error
    return [(n, line) for n, line in enumerate(raw.removeprefix(BOM_UTF8).split(b"\n"), start=1) if line.strip()]


def _answer_line(bot: Bot, number: int, line: bytes) -> bool:
    try:
        message = BatchMessage.model_validate_json(line)
        outcome = batch_outcome(message.id, bot.reply(Message(message.text)), bot.version.number)
    except ValidationError as error:
        notify(f"line {number}: {_what_is_wrong(error)}")
        return False
    except MessageUnreadable as error:
        notify(f"line {number}: {error}")
        return False
    print(outcome.model_dump_json(), flush=True)
    return True
