"""`triage ask`: one message, or many from a file."""

from __future__ import annotations

import json
import sys
from codecs import BOM_UTF8
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from bot.app import Bot
from bot.batch import BatchMessage, batch_outcome, guidance_document
from bot.channels.terminal import explanation_block, render
from bot.commands.console import open_bot, out, tell
from bot.errors import MessageUnreadable
from bot.triage import Clarify, Message


def ask(
    text: Annotated[
        str | None, typer.Argument(help="What hurts, in your own words; standard input if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    batch: Annotated[
        Path | None, typer.Option(help="Read JSON Lines {id, text} and write one JSON line each; - is standard input.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show every stage with its scores.")] = False,
    more: Annotated[bool, typer.Option("--more", help="Show the long answer.")] = False,
) -> None:
    """Say what hurts and get categorised guidance."""
    if batch is not None:
        if text is not None or explain or more:
            raise typer.BadParameter("--batch takes no message, --explain or --more beside it")
        _ask_batch(batch)
        return
    message = Message(_typed(text))
    if not message.text.strip():
        raise MessageUnreadable("The message is empty. Say in a sentence or two what hurts.")
    bot = open_bot()
    reply = bot.reply(message)
    if as_json:
        document = batch_outcome(None, reply, bot.version.number).model_dump(exclude={"id"})
        document["guidance"] = guidance_document(reply.guidance) if reply.guidance else None
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    out.print(render(reply, bot.version.knowledge, more=more))
    if isinstance(reply.outcome, Clarify):
        out.print("Answer it in: triage chat", style="dim")
    if explain:
        out.print()
        out.print(explanation_block(reply.stages, reply))


def _typed(text: str | None) -> str:
    if text is not None and text != "-":
        return text
    if sys.stdin.isatty():
        raise typer.BadParameter('nothing to triage. Try: triage ask "our releases wait three weeks for security"')
    raw = sys.stdin.buffer.read()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MessageUnreadable(f"Standard input is not UTF-8 text (byte {error.start + 1}). Send text.") from error


def _ask_batch(file: Path) -> None:
    lines = _lines(file)
    bot = open_bot()
    failed = sum(not _answer_line(bot, number, line) for number, line in lines)
    if failed:
        tell(f"{failed} of the lines could not be answered; the others were.")
        raise typer.Exit(1)


def _lines(file: Path) -> list[tuple[int, bytes]]:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="--batch") from error
    return [(n, line) for n, line in enumerate(raw.removeprefix(BOM_UTF8).split(b"\n"), start=1) if line.strip()]


def _answer_line(bot: Bot, number: int, line: bytes) -> bool:
    try:
        message = BatchMessage.model_validate_json(line)
        outcome = batch_outcome(message.id, bot.reply(Message(message.text)), bot.version.number)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "not a JSON object {id, text}"
        tell(f"line {number}: {where}: {first['msg']}")
        return False
    except MessageUnreadable as error:
        tell(f"line {number}: {error}")
        return False
    print(outcome.model_dump_json(), flush=True)
    return True
