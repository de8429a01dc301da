"""`triage knowledge`: check and extend the knowledge files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import today
from bot.commands.console import notify, out
from bot.errors import KnowledgeMissing
from bot.knowledge import BarrierAuthor, check_knowledge, new_barrier, packaged_knowledge, write_schemas
from bot.sentences import counted
from bot.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="The knowledge files: check them, add to them.")
Folder = Annotated[
    Path | None, typer.Argument(help="A knowledge folder; TRIAGE_KNOWLEDGE, or the project's own, if left out.")
]


@app.command()
def check(folder: Folder = None) -> None:
    """Find every problem in the knowledge files, each at its line."""
    reading = check_knowledge(folder or load_settings().knowledge, today())
    for problem in reading.problems:
        out.print(str(problem), markup=False, soft_wrap=True)
    files = counted(reading.files, "file")
    if reading.problems:
        notify(f"{counted(len(reading.problems), 'problem')} in {files}. The current index is unchanged.")
        raise typer.Exit(1)
    barriers = reading.knowledge.barriers if reading.knowledge else ()
    out.print(f"No problem in {files}: {counted(len(barriers), 'barrier')}.")


@app.command()
def new(
    theme: Annotated[str | None, typer.Argument(help="The id of its theme, such as slow-processes.")] = None,
    folder: Folder = None,
    ask: Annotated[
        bool | None, typer.Option("--ask/--skeleton", help="Ask for each field; or write a skeleton to fill in.")
    ] = None,
) -> None:
    """Ask for a barrier and write its file; where nobody sits at the terminal, a skeleton of one."""
    target = writable(folder)
    if sys.stdin.isatty() if ask is None else ask:
        _ask_for(target, theme)
        return
    if theme is None:
        raise typer.BadParameter("name the theme of the skeleton, such as slow-processes")
    path = new_barrier(target, theme)
    out.print(f"{path}: fill in what says TODO, then run: triage knowledge check", markup=False, soft_wrap=True)


def _ask_for(target: Path, theme: str | None) -> None:
    def asked(what: str) -> str:
        return typer.prompt(what, default="", show_default=False, prompt_suffix=": ", err=True)

    author = BarrierAuthor(target, asked, notify)
    path = author.write(author.asked(theme))
    problems = [problem for problem in check_knowledge(target, today()).problems if problem.path.stem == path.stem]
    for problem in problems:
        notify(str(problem))
    if problems:
        notify(f"{path} is written; mend what is said above, then run: triage knowledge check")
        raise typer.Exit(1)
    out.print(f"{path} is written and whole. What it changes: triage index diff", markup=False, soft_wrap=True)


@app.command()
def schema(folder: Folder = None) -> None:
    """Write the JSON Schemas of the knowledge files, for editors."""
    target = writable(folder)
    if not (target / "barriers").is_dir():
        raise KnowledgeMissing(target)
    write_schemas(target)
    out.print(f"Wrote {target / 'schema'}.", markup=False, soft_wrap=True)


def writable(folder: Path | None) -> Path:
    """Refuse what may not be written to: the files of an installation, which the next one would overwrite."""
    target = folder or load_settings().knowledge
    if target == packaged_knowledge() and target.parent.name == "packaged":
        raise typer.BadParameter(
            f"{target} belongs to the installation. Copy it, name the copy here, and let TRIAGE_KNOWLEDGE name it."
        )
    return target
