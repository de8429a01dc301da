"""`triage index`: the built knowledge index, and what an admin does with it."""

from __future__ import annotations

import asyncio
import getpass
import json
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table

from bot.clock import utc_now
from bot.commands.console import notify, progress_bar, show
from bot.errors import GateClosed, TriageError
from bot.sentences import shortened
from bot.settings import Settings, load_settings
from bot.wiring import encoder_of, open_index

if TYPE_CHECKING:  # the store and the judging take a second to import, and `triage ask` imports this module
    from bot.refresh.administration import Admin, Administration
    from bot.refresh.proposal import Proposal

app = typer.Typer(no_args_is_help=True, help="The built knowledge index: what it holds, refreshing it, going back.")
Done = TypeVar("Done")
Number = Annotated[int | None, typer.Argument(help="The candidate's number; the one that waits, if left out.", min=1)]
Kept = Annotated[int | None, typer.Argument(help="A kept version; the one that served before, if left out.", min=1)]
Reason = Annotated[str | None, typer.Option(help="Why it is to serve although the gate stops it: kept in the history.")]


@app.command()
def status() -> None:
    """Tell which version serves, and which knowledge files changed since it was built."""
    settings = load_settings()
    found = open_index(settings, encoder_of(settings)).status()
    manifest = found.version.manifest
    show(
        f"Index {manifest.number}, built {manifest.built_at:%Y-%m-%d %H:%M} UTC: {manifest.barriers} barriers, "
        f"{manifest.records} records, encoder {manifest.encoder}, "
        f"content {manifest.content_hash[:12]}."
    )
    show(f"Versions kept: {', '.join(map(str, found.kept))}.")
    if found.candidate is not None:
        show(f"Index {found.candidate} waits: triage index promote {found.candidate}, or triage index discard.")
    if not found.changed:
        show("The knowledge files are as they were when it was built.")
        return
    show(f"Changed since: {shortened(found.changed, 10)}. Run: triage index refresh")


@app.command("diff")
def show_diff() -> None:
    """Tell what a refresh would change."""
    refresh(dry_run=True)


@app.command()
def refresh(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Promote it without asking, if the gate lets it through.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Build although no knowledge file changed.")] = False,
) -> None:
    """Build a version beside the one that serves, judge both on labelled messages, and ask whether to promote it."""
    settings = load_settings()
    if dry_run:
        from bot.refresh.wiring import compared

        _show_lines(compared(settings).lines)
        return
    proposal = _proposed(settings, force=force)
    if proposal is None:
        show("Nothing to build: the knowledge files are as they were. --force builds all the same.")
        return
    _show_proposal(proposal)
    if not proposal.holds:
        notify(
            f"Index {proposal.number} waits. To let it serve all the same: "
            f"triage index promote {proposal.number} --reason “…”. To remove it: triage index discard"
        )
        raise typer.Exit(1)
    if yes or proposal.base is None or _confirmed(proposal.number):
        _promote(settings, proposal.number, None)
    else:
        notify(f"Index {proposal.number} waits: triage index promote {proposal.number}, or triage index discard.")


@app.command()
def promote(number: Number = None, reason: Reason = None) -> None:
    """Let the version that waits serve. With a reason also one that the gate stops."""
    try:
        _promote(load_settings(), number, reason)
    except GateClosed as closed:
        notify(str(closed))
        notify(f"To let it serve all the same: triage index promote {closed.number} --reason “…”")
        raise typer.Exit(1) from closed


@app.command()
def discard(number: Number = None) -> None:
    """Remove the version that waits."""
    removed = _administer(load_settings(), lambda desk, admin: desk.discard(admin, number))
    show(f"Index {removed} is removed. What serves is unchanged.")


@app.command()
def rollback(to: Kept = None) -> None:
    """Let the version serve that served before, at once."""
    now, before = _administer(load_settings(), lambda desk, admin: desk.roll_back(admin, to))
    show(f"Index {now} serves, in the place of {before}.")


@app.command()
def history(
    most: Annotated[int, typer.Option("--last", help="How many acts to show.", min=1, max=1000)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Write a line of JSON an act, with every figure.")] = False,
) -> None:
    """Tell who did what with the index, the latest first."""
    acts = _administer(load_settings(), lambda desk, _: desk.history(most))
    if as_json:
        for act in acts:
            print(json.dumps(asdict(act), default=str, ensure_ascii=False))
        return
    if not acts:
        show("Nothing was done yet.")
        return
    from bot.refresh.administration import figures_of

    table = Table("when (UTC)", "who", "what", "index", "figures", box=None, pad_edge=False)
    for act in acts:
        who = act.person if act.workspace == SHELL else f"{act.person} in {act.workspace}"
        table.add_row(f"{act.at:%Y-%m-%d %H:%M:%S}", who, act.what, str(act.number or ""), figures_of(act))
    show(table)


SHELL = "shell"
"""In the place of a workspace, for who acts on the machine itself."""


def shell_admin() -> Admin:
    from bot.refresh.administration import Admin

    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user need not have a name
        user = "somebody"
    return Admin(SHELL, f"{user}@{socket.gethostname()}")


@asynccontextmanager
async def _administration(settings: Settings) -> AsyncGenerator[Administration]:
    from bot.refresh.administration import Administration
    from bot.refresh.wiring import database_of
    from bot.wiring import versions_of

    database = database_of(settings)
    try:
        await database.migrate()
        yield Administration(versions_of(settings), database, utc_now)
    finally:
        await database.close()


def _administer(settings: Settings, act: Callable[[Administration, Admin], Awaitable[Done]]) -> Done:
    async def done() -> Done:
        async with _administration(settings) as desk:
            return await act(desk, shell_admin())

    return asyncio.run(done())


def _proposed(settings: Settings, *, force: bool) -> Proposal | None:
    from bot.refresh.proposal import Proposal
    from bot.refresh.wiring import proposer_of

    admin = shell_admin()
    _administer(settings, lambda desk, _: desk.history(1))  # a store that is away is told before anything is built
    try:
        with progress_bar() as progress:
            proposal = proposer_of(settings).propose(admin.person, progress, anyway=force)
    except TriageError as error:
        failure = error
        _administer(settings, lambda desk, _: desk.failed(admin, failure))
        raise
    if not isinstance(proposal, Proposal):
        return None
    _administer(settings, lambda desk, _: desk.proposed(admin, proposal))
    return proposal


def _promote(settings: Settings, number: int | None, reason: str | None) -> None:
    done = _administer(settings, lambda desk, admin: desk.promote(admin, number, reason))
    show(f"Index {done.number} serves now{', against the gate' if done.overridden else ''}.")
    if done.dropped:
        show(f"Dropped: {', '.join(map(str, done.dropped))}.")


def _confirmed(number: int) -> bool:
    return sys.stdin.isatty() and typer.confirm(f"Promote index {number}?")


def _show_proposal(proposal: Proposal) -> None:
    from bot.refresh.outline import built, changed_answers, diff_lines, figures, reasons, verdict_line

    _show_lines([*diff_lines(proposal.diff), built(proposal)])
    if rows := figures(proposal):
        table = Table("measure", f"index {proposal.base}", f"index {proposal.number}", "n", box=None, pad_edge=False)
        for row in rows:
            table.add_row(*row.row)
        show(table)
        _show_lines(changed_answers(proposal))
    _show_lines([verdict_line(proposal), *reasons(proposal)])


def _show_lines(lines: Iterable[str]) -> None:
    from rich.text import Text

    show(*(Text(line) for line in lines))
