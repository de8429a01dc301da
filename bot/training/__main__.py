"""`python -m bot.training`: how what the wheel carries was made. `fit` and `bounds` need no extra."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.errors import TriageError
from bot.retrieval.encoder import PACKAGED_ENCODER

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def finetune(
    seeds: Annotated[str, typer.Option(help="One training run a seed; their weights are averaged.")] = "1,2,3",
) -> None:
    """Fine-tune the encoder and export it with its head (extra `train`; some 20 minutes a seed on 2 cores)."""
    from bot.training.export import official_model, ship
    from bot.training.finetune import average
    from bot.training.finetune import finetune as train
    from bot.training.material import lessons, themes_of

    rankers = [train(lessons(), themes_of(), official_model(), seed=int(seed)) for seed in seeds.split(",")]
    typer.echo(ship(average(rankers), tuple(sorted(themes_of())), official_model(), PACKAGED_ENCODER))


@app.command()
def fit() -> None:
    """Fit the ranking and scope heads on the knowledge base, and compute the vectors that the wheel carries."""
    from bot.training.fit import fit_packaged

    typer.echo(fit_packaged())


@app.command()
def bounds(files: Annotated[list[Path], typer.Argument(help="Labelled messages to choose on.")]) -> None:
    """Choose the thresholds and the calibration on labelled messages."""
    from bot.training.choose import choose_bounds

    typer.echo(choose_bounds(files))


if __name__ == "__main__":
    try:
        app()
    except TriageError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from error
