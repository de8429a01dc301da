"""`triage index`: the built knowledge index."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.app import encoders_of, open_index, shortened
from bot.commands.console import out, progress_bar, today
from bot.index.diff import KnowledgeDiff
from bot.index.index import Index
from bot.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="The built knowledge index: what it holds, whether it is current.")


@app.command()
def status() -> None:
    """Which version serves, and which knowledge files changed since it was built."""
    found = _index().status()
    manifest = found.version.manifest
    out.print(
        f"Index {manifest.number}, built {manifest.built_at:%Y-%m-%d %H:%M} UTC: {manifest.barriers} barriers, "
        f"{manifest.records} records, encoder {manifest.encoder}, ranking {manifest.ranking_encoder}, "
        f"content {manifest.content_hash[:12]}."
    )
    out.print(f"Versions kept: {', '.join(map(str, found.kept))}.")
    if not found.changed:
        out.print("The knowledge files are as they were when it was built.")
        return
    out.print(f"Changed since: {shortened(found.changed, 10)}. Run: triage index refresh")


@app.command()
def diff() -> None:
    """What a refresh would change."""
    index = _index()
    with progress_bar() as progress:
        _show(index.refresh(today(), progress, dry_run=True).diff)


@app.command()
def refresh(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Build a new version from the knowledge files, verify it, and let it serve."""
    index = _index()
    with progress_bar() as progress:
        done = index.refresh(today(), progress, dry_run=dry_run)
    _show(done.diff)
    if done.version:
        out.print(f"Index {done.version.number} serves now.")
        if done.dropped:
            out.print(f"Dropped: {', '.join(map(str, done.dropped))}.")
    elif not dry_run:
        out.print("Nothing to build.")


def _index() -> Index:
    settings = load_settings()
    return open_index(settings, encoders_of(settings))


def _show(diff: KnowledgeDiff | None) -> None:
    if diff is None:
        out.print("There is no index to compare with.")
        return
    if diff.empty:
        out.print("No barrier, question or other record differs.")
    for id in diff.added:
        out.print(f"added    {id}")
    for change in diff.changed:
        out.print(f"changed  {change.id}: {', '.join(change.fields)}")
    for id in diff.removed:
        out.print(f"removed  {id}")
    for name in diff.others:
        out.print(f"changed  {name}")
