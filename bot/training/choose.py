"""Choose the bounds of triage on labelled messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.evaluation import Labelled, read_labelled
from bot.index.build import PACKAGED_HEADS
from bot.retrieval.encoder import PLAIN, RANKING, OnnxEncoder
from bot.triage.bounds import FILE, Bounds
from bot.triage.heads import SCOPES, Floats, Heads, calibrated
from bot.triage.questions import worth_asking

IN, VAGUE = SCOPES.index("in"), SCOPES.index("vague")
TEMPERATURES = np.linspace(0.5, 1.2, 29)
DECLINE_AT = np.linspace(0.3, 0.8, 51)
CLARIFY_AT = np.linspace(0.1, 0.85, 76)
SURE = 0.7


def choose_bounds(file: Path) -> str:
    """Write `bot/triage/bounds.json`; a sentence on what was chosen. Raises LabelledSetInvalid."""
    labelled = read_labelled(file)
    heads, plain, ranking = Heads.load(PACKAGED_HEADS), OnnxEncoder(PLAIN), OnnxEncoder(RANKING)
    ranked = [heads.rank(ranking.encode([m.text])[0], m.text) for m in labelled]
    themes = np.stack([of_themes for of_themes, _ in ranked])
    temperature = _temperature(themes, labelled, heads.themes)
    first = [float(np.exp(calibrated(*logs, heads.theme_of, temperature)).max()) for logs in ranked]
    scopes = np.stack([heads.scope(plain.encode([m.text])[0], m.text) for m in labelled])
    vague = scopes[:, VAGUE] / (scopes[:, IN] + scopes[:, VAGUE])
    worth = [worth_asking(float(share), sure) for share, sure in zip(vague, first, strict=True)]
    labels = np.array([m.scope for m in labelled])
    bounds = Bounds(
        temperature=temperature,
        decline_at=_decline_at(1 - scopes[:, IN] - scopes[:, VAGUE], labels),
        clarify_at=_clarify_at(np.array(worth), labels),
        chosen_on=f"{file.name}, {len(labelled)} messages, {sha256(file.read_bytes()).hexdigest()[:12]}",
    )
    FILE.write_text(bounds.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return str(bounds)


def _temperature(logs: Floats, labelled: Sequence[Labelled], themes: tuple[str, ...]) -> float:
    """Least squared distance between what the first theme is said to be worth and whether it is right (Brier).

    No temperature is taken that makes more than 1 % of the messages surely wrong.
    """
    rows = [row for row, message in enumerate(labelled) if message.scope == "in"]
    right = np.array([themes[int(logs[row].argmax())] in labelled[row].accepted for row in rows])

    def brier(temperature: float) -> float:
        scaled = np.exp(logs[rows] / temperature)
        said = (scaled / scaled.sum(axis=1, keepdims=True)).max(axis=1)
        surely_wrong = float(((said >= SURE) & ~right).mean())
        return float(((said - right) ** 2).mean()) + (1.0 if surely_wrong > 0.01 else 0.0)

    return round(float(min(TEMPERATURES, key=brier)), 3)


def _decline_at(outside: Floats, labels: NDArray[np.str_]) -> float:
    """Keeps in scope weighs twice: a question turned away is worse than one too many answered."""
    ours, theirs = np.isin(labels, ["in", "vague"]), np.isin(labels, ["out_near", "out_far"])

    def worth(bound: float) -> float:
        declined = outside >= bound
        return 2 * float(1 - declined[ours].mean()) + float(declined[theirs].mean())

    return _middle_of_best(DECLINE_AT, worth)


def _clarify_at(values: Floats, labels: NDArray[np.str_]) -> float:
    """Answering what can be answered weighs as much as asking what must be asked."""

    def worth(bound: float) -> float:
        asked = values >= bound
        return float(1 - asked[labels == "in"].mean()) + float(asked[labels == "vague"].mean())

    return _middle_of_best(CLARIFY_AT, worth)


def _middle_of_best(bounds: Floats, worth: Callable[[float], float]) -> float:
    """The middle of the widest run of bounds within two points of the best: an edge would be luck."""
    worths = np.array([worth(float(bound)) for bound in bounds])
    good = np.flatnonzero(worths >= worths.max() - 0.02)
    runs = np.split(good, np.flatnonzero(np.diff(good) > 1) + 1)
    widest = max(runs, key=len)
    return round(float(bounds[widest].mean()), 3)
