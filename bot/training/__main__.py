"""`python -m bot.training`: how what the wheel carries was made. `fit` and `thresholds` need no extra."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import TriageError
from bot.retrieval.encoder import PACKAGED_ENCODER

if TYPE_CHECKING:
    from bot.training.leave_out import Found

LEFT_OUT = Path(gettempdir()) / "mlops-triage-left-out"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def finetune(
    seeds: Annotated[str, typer.Option(help="One training run a seed; their weights are averaged.")] = "1,2,3",
) -> None:
    """Fine-tune the encoder and export it with its head (extra `train`; some 20 minutes a seed on 2 cores)."""
    from bot.training.examples import themes_of, training_examples
    from bot.training.export import official_model, ship
    from bot.training.finetune import average
    from bot.training.finetune import finetune as train

    rankers = [train(training_examples(), themes_of(), official_model(), seed=int(seed)) for seed in seeds.split(",")]
    typer.echo(ship(average(rankers), tuple(sorted(themes_of())), official_model(), PACKAGED_ENCODER))


@app.command()
def fit() -> None:
    """Fit the ranking and scope heads on the knowledge base, and compute the vectors that the wheel carries."""
    from bot.training.fit import fit_packaged

    typer.echo(fit_packaged())


@app.command("leave-out")
def leave_out(
    dev: Annotated[Path, typer.Argument(help="Labelled messages, to which the real ones are added.")],
    encoders: Annotated[Path, typer.Option(help="Where the encoders that this trains are kept.")] = LEFT_OUT,
) -> None:
    """Leave barriers out of the training and see whether their files suffice (extra `train`; an hour on 2 cores)."""
    from bot.training.leave_out import leave_out as left_out

    found: list[Found] = []
    for each in left_out(dev, encoders):
        found.append(each)
        typer.echo(f"{each.barrier}  {each.among_five:3} of {each.messages:3}  {each.among_five / each.messages:.2f}")
    messages, among = sum(each.messages for each in found), sum(each.among_five for each in found)
    typer.echo(f"{len(found)} barriers: among the first five in {among / messages:.2f} of {messages} messages")


@app.command()
def thresholds(files: Annotated[list[Path], typer.Argument(help="Labelled messages to choose on.")]) -> None:
    """Choose the thresholds and the calibration on labelled messages."""
    from bot.training.choose import choose_thresholds

    typer.echo(choose_thresholds(files))


if __name__ == "__main__":
    try:
        app()
    except TriageError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from error
