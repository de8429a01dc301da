"""`triage gaps`: what people asked that the knowledge has no good answer to, and a barrier drafted from it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot.clock import utc_now
from bot.commands.console import open_bot, out, show
from bot.commands.knowledge import writable
from bot.gaps import LEAST_ASKERS, Gap, gap_named, gaps_in
from bot.knowledge import new_barrier
from bot.sentences import counted
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.store import Unanswered

TEXT_CHARACTERS = 100
Key = Annotated[str, typer.Argument(help="Which one, as the list names it.")]

app = typer.Typer(help="Questions without a good answer, clustered; only what was asked in public channels.")


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Write a line of JSON each.")] = False,
    least: Annotated[
        int, typer.Option("--askers", min=LEAST_ASKERS, help="How many people must have asked.")
    ] = LEAST_ASKERS,
) -> None:
    """List them, those of most people first."""
    if context.invoked_subcommand is not None:
        return
    gaps = _gaps(load_settings(), least)
    if as_json:
        for gap in gaps:
            document = {
                "key": gap.key, "questions": len(gap.questions), "people": gap.askers, "channels": gap.rooms,
                "theme": gap.theme, "barriers": gap.barriers, "example": gap.questions[0].text,
            }  # fmt: skip
            print(json.dumps(document, ensure_ascii=False))
        return
    if not gaps:
        show(f"Nothing that {least} people asked in public channels is without a good answer.")
        return
    table = Table("gap", "questions", "people", "channels", "nearest theme", "for example", box=None, pad_edge=False)
    for gap in gaps:
        counts = (str(len(gap.questions)), str(gap.askers), str(gap.rooms))
        table.add_row(gap.key, *counts, gap.theme, Text(_shown(gap.questions[0].text)))
    show(table, "All of one: triage gaps show GAP. A barrier for it: triage gaps draft GAP")


@app.command("show")
def show_one(key: Key) -> None:
    """Show every question of a gap, and the barriers that come nearest."""
    gap = gap_named(_gaps(load_settings()), key)
    show(f"{counted(len(gap.questions), 'question')} of {gap.askers} people, nearest to {', '.join(gap.barriers)}:")
    for question in gap.questions:
        show(Text(f"{question.asked_at:%Y-%m-%d}  {_shown(question.text, 1000)}"))


@app.command()
def draft(
    key: Key, folder: Annotated[Path | None, typer.Argument(help="A knowledge folder; TRIAGE_KNOWLEDGE else.")] = None
) -> None:
    """Write the skeleton of a barrier for a gap; when it serves, those who wanted to hear of it are told."""
    settings = load_settings()
    target = writable(folder)
    gap = gap_named(_gaps(settings), key)
    path = new_barrier(target, gap.theme)
    asyncio.run(_keep(settings, path.stem, [question.turn for question in gap.questions]))
    told = f"fill in what says TODO ({counted(len(gap.questions), 'question')} to read: triage gaps show {key})"
    out.print(f"{path}: {told}, then run: triage knowledge check", markup=False, soft_wrap=True)


def _gaps(settings: Settings, least: int = LEAST_ASKERS) -> list[Gap]:
    asked = asyncio.run(_asked(settings))
    return gaps_in(asked, open_bot(), least)


async def _asked(settings: Settings) -> list[Unanswered]:
    from bot.refresh.wiring import opened_store
    from bot.store import Gaps

    async with opened_store(settings) as database, database.reading() as session:
        return [*await Gaps(session).unanswered(utc_now() - timedelta(days=settings.triage_retention_days))]


async def _keep(settings: Settings, barrier: str, turns: list[str]) -> None:
    from bot.refresh.wiring import opened_store
    from bot.store import Gaps

    async with opened_store(settings) as database, database.writing() as session:
        await Gaps(session).draft(barrier, turns)


def _shown(text: str, most: int = TEXT_CHARACTERS) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
