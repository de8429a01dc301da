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
CENTROID_SCALE = 16.0
"""Of the cosine in the softmax over barrier centroids."""
VIEW_POWERS = (0.3, 0.3, 0.4)
"""How much each view of a message counts: regression, centroids, terms."""
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
class Heads:
    """The fitted ranking and scope. `theme_of` maps each barrier's column to its theme's column."""

    barriers: tuple[str, ...]
    themes: tuple[str, ...]
    theme_of: NDArray[np.int64]
    barrier_regression: Linear
    centroids: Floats
    terms: Terms
    theme_terms: Linear
    scope_regression: Linear
    scope_terms: Linear

    def rank(self, vector: Floats, text: str) -> tuple[Floats, Floats]:
        """Log-probabilities of the themes (themes,) and of the barriers (barriers,) for one message.

        Three views multiplied with VIEW_POWERS; within a theme the barriers follow the first two.
        """
        regression = self.barrier_regression.log_probabilities(vector)
        nearness = log_softmax(CENTROID_SCALE * self.centroids @ vector)
        terms = self.theme_terms.log_probabilities_of_terms(*self.terms.weigh(text))
        a, b, c = VIEW_POWERS
        themes = log_normalised(a * self._by_theme(regression) + b * self._by_theme(nearness) + c * terms)
        barriers = log_normalised((a * regression + b * nearness) / (a + b))
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
            centroids=self.centroids,
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
            centroids=found["centroids"],
            terms=Terms({term: column for column, term in enumerate(names["terms"])}, found["idf"]),
            **linears,
        )


def calibrated(themes: Floats, barriers: Floats, theme_of: NDArray[np.int64], temperature: float) -> Floats:
    """Log-probabilities of the barriers after those of their themes were divided by `temperature` and normalised."""
    return barriers + (log_normalised(themes / temperature) - themes)[theme_of]


def log_softmax(scores: Floats) -> Floats:
    return log_normalised(np.asarray(scores, dtype=np.float32))


def log_normalised(logs: Floats) -> Floats:
    """The same proportions, summing to one."""
    top = logs.max()
    return (logs - top - np.log(np.exp(logs - top).sum())).astype(np.float32)
