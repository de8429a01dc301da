"""`triage index`: the built knowledge index."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.console import progress_bar, show, today
from bot.index.diff import KnowledgeDiff
from bot.index.index import Index
from bot.sentences import shortened
from bot.settings import load_settings
from bot.wiring import encoder_of, open_index

app = typer.Typer(no_args_is_help=True, help="The built knowledge index: what it holds, whether it is current.")


@app.command()
def status() -> None:
    """Tell which version serves, and which knowledge files changed since it was built."""
    found = _index().status()
    manifest = found.version.manifest
    show(
        f"Index {manifest.number}, built {manifest.built_at:%Y-%m-%d %H:%M} UTC: {manifest.barriers} barriers, "
        f"{manifest.records} records, encoder {manifest.encoder}, "
        f"content {manifest.content_hash[:12]}."
    )
    show(f"Versions kept: {', '.join(map(str, found.kept))}.")
    if not found.changed:
        show("The knowledge files are as they were when it was built.")
        return
    show(f"Changed since: {shortened(found.changed, 10)}. Run: triage index refresh")


@app.command()
def diff() -> None:
    """Tell what a refresh would change."""
    index = _index()
    with progress_bar() as progress:
        _show_diff(index.refresh(today(), progress, dry_run=True).diff)


@app.command()
def refresh(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Build a new version from the knowledge files, verify it, and let it serve."""
    index = _index()
    with progress_bar() as progress:
        done = index.refresh(today(), progress, dry_run=dry_run)
    _show_diff(done.diff)
    if done.version:
        show(f"Index {done.version.number} serves now.")
        if done.dropped:
            show(f"Dropped: {', '.join(map(str, done.dropped))}.")
    elif not dry_run:
        show("Nothing to build.")


def _index() -> Index:
    settings = load_settings()
    return open_index(settings, encoder_of(settings))


def _show_diff(diff: KnowledgeDiff | None) -> None:
    if diff is None:
        show("There is no index to compare with.")
        return
    if diff.empty:
        show("No barrier, question or other record differs.")
    for id in diff.added:
        show(f"added    {id}")
    for change in diff.changed:
        show(f"changed  {change.id}: {', '.join(change.fields)}")
    for id in diff.removed:
        show(f"removed  {id}")
    for name in diff.others:
        show(f"changed  {name}")
