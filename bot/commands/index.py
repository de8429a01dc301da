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
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from bot.clock import utc_now
from bot.commands.console import notify, progress_bar, show
from bot.documents import Viewer
from bot.errors import BarrierUnknown, DocumentUnknown, GateClosed, TriageError
from bot.sentences import counted, shortened
from bot.settings import Settings, load_settings
from bot.wiring import encoder_of, open_index, sources_of, versions_of

if TYPE_CHECKING:  # the store and the judging take a second to import, and `triage ask` imports this module
    from bot.refresh.administration import Admin, Administration
    from bot.refresh.proposal import Proposal

app = typer.Typer(no_args_is_help=True, help="The built knowledge index: what it holds, refreshing it, going back.")
documents = typer.Typer(no_args_is_help=True, help="Your own documents: which folders are indexed, and for whom.")
app.add_typer(documents, name="documents")
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


Channels = Annotated[list[str] | None, typer.Option("--channel", help="The id of a channel that may read them.")]
Workspaces = Annotated[list[str] | None, typer.Option("--workspace", help="The id of a workspace they are for.")]


@documents.command("add")
def add_documents(
    folder: Annotated[Path, typer.Argument(help="A folder of documents, or a git working tree.")],
    name: Annotated[str | None, typer.Option(help="What it is called here; its own name, if left out.")] = None,
    link: Annotated[str | None, typer.Option(help="The address that a document's path is put behind.")] = None,
    channel: Channels = None,
    workspace: Workspaces = None,
) -> None:
    """Index a folder from the next refresh on, or say anew who may read it: everybody, if no channel is named."""
    settings = load_settings()
    source = sources_of(settings).add(folder, name=name, link=link, workspaces=workspace or (), channels=channel or ())
    audience = str(source.audience)
    _record(settings, "added", source.name, {"folder": str(source.folder), "audience": audience})
    show(f"{source.name}: {source.folder}, for {audience}. Indexed with the next: triage index refresh")


@documents.command("remove")
def remove_documents(name: Annotated[str, typer.Argument(help="The name of an added folder.")]) -> None:
    """Take a folder out, with its documents from the next refresh on."""
    settings = load_settings()
    source = sources_of(settings).remove(name)
    _record(settings, "removed", source.name, {"folder": str(source.folder)})
    show(f"{source.name} is removed. Its documents go with the next: triage index refresh")


@documents.command("link")
def link_documents(
    document: Annotated[str, typer.Argument(help="The id of a document, as the list shows it.")],
    barriers: Annotated[list[str] | None, typer.Argument(help="The barriers it helps with; none, if left out.")] = None,
) -> None:
    """Say yourself which barriers a document helps with, in the place of what triage makes of it."""
    settings = load_settings()
    version = versions_of(settings).open_current()
    catalogue, known = version.catalogue, version.knowledge.barrier_by_id
    version.close()
    if document not in (ids := [each.id for each in catalogue.documents]):
        raise DocumentUnknown(document, ids)
    for barrier in barriers or ():
        if barrier not in known:
            raise BarrierUnknown(barrier, list(known))
    sources_of(settings).link(document, barriers or ())
    _record(settings, "linked", document, {"barriers": barriers or []})
    helps = f"helps with {', '.join(barriers)}" if barriers else "is never cited"
    show(f"{document} {helps}, from the next: triage index refresh")


@documents.command("list")
def list_documents(
    channel: Annotated[str | None, typer.Option(help="Only what is cited in this channel.")] = None,
    workspace: Annotated[str, typer.Option(help="The workspace of that channel.")] = "",
    external: Annotated[bool, typer.Option("--external", help="As a guest sees it, or a shared channel.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write a line of JSON a document.")] = False,
) -> None:
    """Tell which folders and documents are indexed, for whom, and what they help with."""
    settings = load_settings()
    version = versions_of(settings).open_current()
    catalogue = version.catalogue
    version.close()
    viewer = Viewer(workspace, channel or "", external) if channel is not None or external else None
    shown = [
        each
        for each in catalogue.documents
        if viewer is None or (each.barriers and catalogue.audiences[each.audience].includes(viewer))
    ]
    if as_json:
        for each in shown:
            audience = catalogue.audiences[each.audience].model_dump()
            print(json.dumps(each.model_dump() | {"audience": audience}, ensure_ascii=False))
        return
    if viewer is None:
        for source in sources_of(settings).all():
            link = f", at {source.link}" if source.link else ""
            show(Text(f"{source.name}: {source.folder}, for {source.audience}{link}"))
    table = Table("document", "title", "for", "helps with", box=None, pad_edge=False)
    for each in shown:
        helps = ", ".join(each.barriers) or "–"
        audience = str(catalogue.audiences[each.audience])
        table.add_row(Text(each.id), Text(each.title), audience, f"{helps}{' (said)' if each.said_by_an_admin else ''}")
    show(table)
    if viewer is None:
        _show_lines(f"skipped  {each.id}: {each.reason}" for each in catalogue.skipped)
    show(f"{counted(len(shown), 'document')} in index {version.number}.")


def _record(settings: Settings, what: str, name: str, details: dict[str, Any]) -> None:
    _administer(settings, lambda desk, admin: desk.documents_changed(admin, what, name, details))


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
    from bot.refresh.wiring import opened_store, shared_of

    async with opened_store(settings) as database:
        shared = shared_of(settings, database)
        if shared:
            await shared.take()
        yield Administration(versions_of(settings), database, utc_now, shared)


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
    from bot.refresh.outline import (
        built,
        changed_answers,
        diff_lines,
        documents_lines,
        figures,
        reasons,
        verdict_line,
    )

    _show_lines([*diff_lines(proposal.diff), *documents_lines(proposal.documents), built(proposal)])
    if rows := figures(proposal):
        table = Table("measure", f"index {proposal.base}", f"index {proposal.number}", "n", box=None, pad_edge=False)
        for row in rows:
            table.add_row(*row.row)
        show(table)
        _show_lines(changed_answers(proposal))
    _show_lines([verdict_line(proposal), *reasons(proposal)])


def _show_lines(lines: Iterable[str]) -> None:
    show(*(Text(line) for line in lines))
