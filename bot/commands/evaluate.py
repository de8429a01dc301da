"""`triage eval`: how well it does on labelled messages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from bot.clock import today
from bot.commands.console import open_bot, show
from bot.errors import BarrierUnknown, LabelledSetInvalid, ThemeUnknown
from bot.evaluation import Labelled, ReliabilityRow, Report, measure, outcomes_of, read_labelled
from bot.evaluation.simulate import ERRS, MOST_TAPS, Simulated, simulate
from bot.knowledge import Knowledge, load_knowledge
from bot.outcomes import BatchOutcome
from bot.settings import load_settings


def evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            help="JSON Lines of labelled messages: {id, text, scope, theme, also, barriers, also_barriers}."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    simulated: Annotated[
        bool, typer.Option("--simulate", help="Let the labels play the asker, and count the taps to the right barrier.")
    ] = False,
    answers: Annotated[
        Path | None, typer.Option(help="Measure these outcomes, as --batch writes them, not the bot's own.")
    ] = None,
) -> None:
    """Measure accuracy, scope and calibration on a labelled set."""
    labelled = read_labelled(file)
    if simulated and (answers or as_json):
        raise typer.BadParameter("--simulate asks the bot itself and prints a table; leave --answers and --json out")
    if answers is None:
        bot = open_bot()
        knowledge = bot.version.knowledge
        _refuse_unknown(labelled, knowledge)
        outcomes = {item.id: outcome for item, outcome in zip(labelled, outcomes_of(bot, labelled), strict=True)}
        if simulated:
            _show_simulated(*simulate(labelled, lambda message: bot.triage(message).outcome))
    else:
        knowledge = load_knowledge(load_settings().knowledge, today())
        _refuse_unknown(labelled, knowledge)
        outcomes = _read_answers(answers, labelled)
    report = measure([(item, outcomes[item.id]) for item in labelled], {t.id: t.dimension for t in knowledge.themes})
    if as_json:
        print(report.model_dump_json(indent=2))
    else:
        _show_report(report)


def _refuse_unknown(labelled: tuple[Labelled, ...], knowledge: Knowledge) -> None:
    for theme in sorted({theme for item in labelled for theme in item.accepted} - knowledge.theme_by_id.keys()):
        raise ThemeUnknown(theme, list(knowledge.theme_by_id))
    for barrier in sorted({id for item in labelled for id in item.accepted_barriers} - knowledge.barrier_by_id.keys()):
        raise BarrierUnknown(barrier, list(knowledge.barrier_by_id))


def _read_answers(file: Path, labelled: tuple[Labelled, ...]) -> dict[str, BatchOutcome]:
    found: dict[str, BatchOutcome] = {}
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise LabelledSetInvalid(file, 1, f"cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                outcome = BatchOutcome.model_validate_json(line)
            except ValidationError as error:
                raise LabelledSetInvalid(file, number, "is no outcome as `triage ask --batch` writes it") from error
            found[str(outcome.id)] = outcome
    if missing := [item.id for item in labelled if item.id not in found]:
        raise LabelledSetInvalid(file, 1, f"has no outcome for {missing[0]} ({len(missing)} missing)")
    return found


def _show_report(report: Report) -> None:
    table = Table("measure", "share", "95 % interval", "n", title=f"{report.messages} messages", title_justify="left")
    for m in report.measures:
        if m.value is None:
            table.add_row(m.name, "–", "–", "0")
        else:
            table.add_row(m.name, f"{m.value:.2f}", f"{m.low:.2f}–{m.high:.2f}", str(m.n))
    show(table)
    themes = Table("theme", "n", "@1", "@3", "taken for", title="in scope, per theme", title_justify="left")
    for row in report.themes:
        others = {theme: n for theme, n in report.confusion.get(row.theme, {}).items() if theme != row.theme}
        taken_for = ", ".join(f"{theme} {n}" for theme, n in sorted(others.items(), key=lambda item: -item[1]))
        themes.add_row(row.theme, str(row.n), f"{row.at_1:.2f}", f"{row.at_3:.2f}", taken_for)
    show(themes)
    for what, rows in (("theme", report.reliability), ("barrier", report.barrier_reliability)):
        if rows:
            _show_reliability(what, rows)


def _show_simulated(everybody: list[Simulated], unsure: list[Simulated]) -> None:
    for title, rows in (
        ("simulated askers, all messages in scope", everybody),
        ("simulated askers, messages that are not answered at once", unsure),
    ):
        table = Table("policy", "askers", "at once", "≤ 1 tap", "≤ 2", "≤ 3", "never", "mean taps", title=title)
        table.title_justify = "left"
        for row in rows:
            shares = (f"{share:.2f}" for share in (*row.within, row.never))
            table.add_row(row.policy, str(row.askers), *shares, f"{row.mean_taps:.2f}")
        show(table)
    show(
        f"Askers err in {ERRS:.0%} of their taps; who has not found it after {MOST_TAPS} counts as so many.",
        style="dim",
    )


def _show_reliability(what: str, rows: list[ReliabilityRow]) -> None:
    table = Table("said", "n", "mean said", "was right", title=f"reliability of the first {what}", title_justify="left")
    for row in rows:
        table.add_row(f"{row.low:.2f}–{row.high:.2f}", str(row.n), f"{row.confidence:.2f}", f"{row.right:.2f}")
    show(table)
