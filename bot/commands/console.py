"""What the subcommands share: where to print, how to show progress, how to open the bot."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.bot import Bot
from bot.clock import today
from bot.index.build import Progress as OnProgress
from bot.settings import Settings, load_settings
from bot.wiring import build

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def show(*parts: RenderableType, style: str | None = None) -> None:
    """Print to standard output; where no person watches, without the blanks that fill a line up."""
    if out.is_terminal:
        for part in parts:
            out.print(part, style=style)
        return
    with out.capture() as captured:
        for part in parts:
            out.print(part, style=style)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def notify(sentence: str) -> None:
    """Write a line to the person who waits, on standard error, so that pipes stay clean."""
    err.print(sentence, markup=False)


@contextmanager
def progress_bar() -> Generator[OnProgress]:
    """Show a bar on standard error, from the first report on; nothing where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = None

        def report(what: str, done: float) -> None:
            nonlocal task
            if task is None:
                task = bar.add_task(what, total=1.0)
            bar.update(task, description=what, completed=done)

        yield report


def open_bot() -> Bot:
    settings = load_settings()
    if settings.chroma_url is not None:
        asyncio.run(_take_what_all_serve(settings))
    with progress_bar() as progress:
        return build(settings, today, progress, notify)


async def _take_what_all_serve(settings: Settings) -> None:
    from bot.refresh.wiring import opened_store, shared_of  # the store takes a second to import

    async with opened_store(settings) as database:
        if shared := shared_of(settings, database):
            await shared.take()
