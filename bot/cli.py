"""The `triage` command. Exit codes: 0 done, 1 failed, 2 bad usage."""

from __future__ import annotations

import os
import sys
import traceback
from io import TextIOWrapper
from typing import Annotated, NoReturn
from uuid import uuid4

import typer

from bot import __version__
from bot.clock import utc_now
from bot.commands import ask, chat, evaluate, gaps, index, knowledge
from bot.errors import MessageUnreadable, SettingsInvalid, TriageError
from bot.settings import Settings, described

BAD_USAGE = (SettingsInvalid, MessageUnreadable)
INTERRUPTED = 130
"""What typer makes of Ctrl-C."""
CUT_OFF = 141
"""128 and SIGPIPE, as any program that a closed pipe ends."""


def _serve() -> None:
    """Answer in Slack, or what else is configured, until stopped. Needs SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET."""
    from bot.commands.serve import serve  # what it needs takes seconds to import, and no other command needs it

    serve()


EXAMPLES = (
    'triage ask "legal needs six weeks for every model update"',
    "triage chat",
    "cat complaint.txt | triage ask --json",
    "triage index refresh",
)


def _epilog() -> str:
    examples = "\n\n".join(("[bold]Examples[/bold]", *(f"  {each}" for each in EXAMPLES)))
    settings = "\n\n".join(f"  {name}: {what}" for name, what in described())
    return f"{examples}\n\n\n\n[bold]Settings[/bold], from the environment or a .env file here\n\n{settings}"


app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_epilog(),
    help="Which barriers hold your MLOps adoption back, why it thinks so, and what to do first.",
)
app.command("ask")(ask.ask)
app.command("chat")(chat.chat)
app.command("serve")(_serve)
app.command("eval")(evaluate.evaluate)
app.add_typer(index.app, name="index")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(gaps.app, name="gaps")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"triage {__version__}")
        raise typer.Exit


@app.callback()
def triage(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Options of the command itself."""


def main() -> NoReturn:
    """Run the command; every error becomes one sentence and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # an emoji must not end a terminal that has no UTF-8
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read along has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = CUT_OFF
    sys.exit(code)


def _run() -> int:
    try:
        app()
    except TriageError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, BAD_USAGE) else 1
    except SystemExit as end:
        if end.code == INTERRUPTED:
            print("Interrupted. Nothing was changed.", file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - the last resort: a bug becomes a reference number, its trace goes to a file
        print(_recorded(traceback.format_exc()), file=sys.stderr)
        return 1
    return 0


def _recorded(trace: str) -> str:
    reference = uuid4().hex[:8]
    try:
        file = Settings().triage_home / "errors.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as log:
            log.write(f"{utc_now().isoformat('T', 'seconds')} {reference}\n{trace}\n")
    except (OSError, ValueError):
        return f"Something went wrong that should not (reference {reference}); its trace could not be kept."
    return f"Something went wrong that should not (reference {reference}). Please report it with its trace in {file}."
