"""What is fitted: arrays that turn a message's vector and terms into probabilities.

Stored as `heads.npz` and `terms.json`, never as a pickle. `fitting.py` makes them, this module only scores.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.triage.terms import Terms

Floats = NDArray[np.floating]

SCOPES: tuple[str, ...] = ("in", "vague", "near", "far", "about")
HEAD_SCALE = 16.0
"""Of the cosine to a barrier's centroid; the encoder was trained with it."""
VIEW_POWERS = (0.3, 0.3, 0.4)
"""How much each view of a message counts: the encoder's own head, regression, terms."""
RECORDS_POWER = 0.15
"""How much the records count that a message resembles, beside the views that were fitted."""
SCOPE_POWERS = (0.5, 0.5)
"""Vector and terms."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Multinomial logistic regression: `weights` (features, classes), `bias` (classes)."""

    weights: Floats
    bias: Floats

    def log_probabilities(self, vector: Floats) -> Floats:
        return log_softmax(vector @ self.weights + self.bias)

    def log_probabilities_of_terms(self, columns: NDArray[np.int64], values: Floats) -> Floats:
        return log_softmax(values @ self.weights[columns].astype(np.float32) + self.bias)


@dataclass(frozen=True, slots=True)
class TrainedHead:
    """What the encoder was trained with, for the barriers of that day: cosine to a centroid each, and a bias."""

    barriers: tuple[str, ...]
    linear: Linear

    def without(self, gone: frozenset[str]) -> TrainedHead:
        """Forget that it was trained on these barriers."""
        kept = [column for column, barrier in enumerate(self.barriers) if barrier not in gone]
        names = tuple(self.barriers[column] for column in kept)
        return TrainedHead(names, Linear(self.linear.weights[:, kept], self.linear.bias[kept]))

    def save(self, file: Path) -> None:
        weights, bias = self.linear.weights, self.linear.bias
        np.savez_compressed(file, allow_pickle=False, barriers=np.array(self.barriers), weights=weights, bias=bias)

    @classmethod
    def load(cls, file: Path) -> TrainedHead:
        with np.load(file, allow_pickle=False) as arrays:
            return cls(tuple(map(str, arrays["barriers"])), Linear(arrays["weights"], arrays["bias"]))


@dataclass(frozen=True, slots=True)
class Heads:
    """The fitted ranking and scope. `theme_of` maps each barrier's column to its theme's column."""

    barriers: tuple[str, ...]
    themes: tuple[str, ...]
    theme_of: NDArray[np.int64]
    own_head: Linear
    barrier_regression: Linear
    terms: Terms
    theme_terms: Linear
    scope_regression: Linear
    scope_terms: Linear

    def rank(self, vector: Floats, text: str, records: Floats | None = None) -> tuple[Floats, Floats]:
        """Log-probabilities of the themes (themes,) and of the barriers (barriers,) for one message.

        `records` are log-probabilities of the barriers (barriers,) by the records that the message resembles. The
        views are multiplied, each with its power; within a theme the barriers follow all but the terms.
        """
        head = self.own_head.log_probabilities(vector)
        regression = self.barrier_regression.log_probabilities(vector)
        terms = self.theme_terms.log_probabilities_of_terms(*self.terms.weigh(text))
        a, b, c = VIEW_POWERS
        themes = a * self._by_theme(head) + b * self._by_theme(regression) + c * terms
        barriers = (a * head + b * regression) / (a + b)
        if records is not None:
            themes = themes + RECORDS_POWER * self._by_theme(records)
            barriers = barriers + RECORDS_POWER * records
        themes, barriers = log_normalised(themes), log_normalised(barriers)
        within = barriers - self._by_theme(barriers)[self.theme_of]
        return themes, themes[self.theme_of] + within

    def scope(self, vector: Floats, text: str) -> Floats:
        """Probabilities of SCOPES (5,)."""
        a, b = SCOPE_POWERS
        by_vector = self.scope_regression.log_probabilities(vector)
        by_terms = self.scope_terms.log_probabilities_of_terms(*self.terms.weigh(text))
        return np.exp(log_normalised(a * by_vector + b * by_terms))

    def _by_theme(self, barriers: Floats) -> Floats:
        sums = np.full(len(self.themes), -np.inf, dtype=np.float32)
        np.logaddexp.at(sums, self.theme_of, barriers)
        return sums

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        linears = {f.name: value for f in fields(self) if isinstance(value := getattr(self, f.name), Linear)}
        arrays = {f"{name}.weights": linear.weights for name, linear in linears.items()}
        arrays |= {f"{name}.bias": linear.bias for name, linear in linears.items()}
        np.savez_compressed(
            folder / "heads.npz",
            allow_pickle=False,
            theme_of=self.theme_of,
            idf=self.terms.idf,
            **arrays,
        )
        names = {"barriers": self.barriers, "themes": self.themes, "terms": list(self.terms.index)}
        (folder / "terms.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Heads:
        names = json.loads((folder / "terms.json").read_text(encoding="utf-8"))
        with np.load(folder / "heads.npz", allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        linears = {
            f.name: Linear(found[f"{f.name}.weights"], found[f"{f.name}.bias"])
            for f in fields(cls)
            if f"{f.name}.bias" in found
        }
        return cls(
            barriers=tuple(names["barriers"]),
            themes=tuple(names["themes"]),
            theme_of=found["theme_of"],
            terms=Terms({term: column for column, term in enumerate(names["terms"])}, found["idf"]),
            **linears,
        )


def calibrated(barriers: Floats, temperature: float) -> Floats:
    """Log-probabilities of the barriers, divided by `temperature` and normalised."""
    return log_normalised(barriers / temperature)


def log_softmax(scores: Floats) -> Floats:
    return log_normalised(np.asarray(scores, dtype=np.float32))


def log_normalised(logs: Floats) -> Floats:
    """Scale to a sum of one, in the same proportions."""
    top = logs.max()
    return (logs - top - np.log(np.exp(logs - top).sum())).astype(np.float32)
