"""Choose the thresholds of triage on labelled messages, by the very functions that serve."""

# scikit-learn has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bot.bot import Bot
from bot.evaluation import Labelled, read_labelled
from bot.settings import Settings
from bot.training.examples import today
from bot.triage import Explanation, Message, Sureness, Thresholds
from bot.triage.decision import Weighed, weigh
from bot.triage.heads import Floats, calibrated
from bot.triage.thresholds import FILE
from bot.wiring import encoder_of, open_index

TEMPERATURES = np.linspace(0.5, 2.0, 61)
DECLINE_AT = np.linspace(0.3, 0.9, 61)
SURE_AT = np.linspace(0.2, 0.9, 71)
QUITE, FAIRLY, IN_FULL = 0.90, 0.65, 0.78
"""How often what is called quite or fairly sure, and all that is answered in full, is to be right."""
FEWEST = 12
"""Messages that a precision is believed of."""
RAW = Thresholds(temperature=1, decline_at=1, quite_sure_at=1, fairly_sure_at=1, chosen_on="")


def choose_thresholds(files: Sequence[Path]) -> str:
    """Write `bot/triage/thresholds.json`; a sentence on what was chosen. Raises LabelledSetInvalid."""
    read = [read_labelled(file) for file in files]
    labelled = [item for items in read for item in items]
    sets = np.repeat(np.arange(len(read)), [len(items) for items in read])
    with TemporaryDirectory() as home:
        settings = Settings(triage_home=Path(home), triage_embeddings=None)
        encoder = encoder_of(settings)
        version = open_index(settings, encoder).open(today(), lambda _what, _done: None, lambda _sentence: None)
        bot = Bot(version, encoder, today, thresholds=RAW)
        judged = [bot.triage(Message(item.text)) for item in labelled]
        version.close()
    first, right = _first(judged, labelled)
    temperature = _temperature(first, right)
    weighed = _weighed(judged, temperature)
    # A vague message has no barrier that would be right.
    rows = [row for row, item in enumerate(labelled) if item.barriers or item.scope == "vague"]
    named = [weighed[row] for row in rows]
    first_right = np.array([_is_right(judged[row], labelled[row]) for row in rows])
    expected = _expected(np.array([each.meant for each in named]), first_right)
    hashed = sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    thresholds = RAW.model_copy(
        update={
            "temperature": temperature,
            "decline_at": _decline_at(weighed, np.array([item.scope for item in labelled]), sets),
            "chosen_on": f"{', '.join(file.name for file in files)}: {len(labelled)} messages, {hashed}",
        }
    )
    thresholds = _surest(thresholds, "quite sure", named, expected, first_right, QUITE, of_all=QUITE)
    thresholds = _surest(thresholds, "fairly sure", named, expected, first_right, FAIRLY, of_all=IN_FULL)
    FILE.write_text(thresholds.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return str(thresholds)


def _first(judged: Sequence[Explanation], labelled: Sequence[Labelled]) -> tuple[list[Floats], NDArray[np.bool_]]:
    """Log-probabilities of the barriers, best first, and whether the first is accepted, where there are labels."""
    pairs = [(each, item) for each, item in zip(judged, labelled, strict=True) if item.barriers]
    return [_logs(each) for each, _ in pairs], np.array([_is_right(each, item) for each, item in pairs])


def _is_right(each: Explanation, item: Labelled) -> bool:
    return each.ranking.barriers[0].id in item.accepted_barriers


def _logs(each: Explanation) -> Floats:
    return np.log(np.array([barrier.probability for barrier in each.ranking.barriers]) + 1e-12)


def _weighed(judged: Sequence[Explanation], temperature: float) -> list[Weighed]:
    firsts = (float(np.exp(calibrated(_logs(each), temperature))[0]) for each in judged)
    return [weigh(each.scope, first, each.message.text) for each, first in zip(judged, firsts, strict=True)]


def _temperature(first: Sequence[Floats], right: NDArray[np.bool_]) -> float:
    """Least squared distance between what the first barrier is said to be worth and whether it is right (Brier)."""

    def brier(temperature: float) -> float:
        said = np.array([np.exp(calibrated(logs, temperature))[0] for logs in first])
        return float(((said - right) ** 2).mean())

    return round(float(min(TEMPERATURES, key=brier)), 3)


def _expected(meant: Floats, right: NDArray[np.bool_]) -> Floats:
    """Tell how often what is said so surely is right, as a smooth curve (logistic, in the logit of what is said).

    Counting alone would follow the luck of a dozen messages.
    """
    odds = np.clip(meant, 1e-3, 1 - 1e-3)
    curve = LogisticRegression(C=100.0).fit(np.log(odds / (1 - odds)).reshape(-1, 1), right)
    return curve.predict_proba(np.log(odds / (1 - odds)).reshape(-1, 1))[:, 1]


def _surest(
    thresholds: Thresholds, name: Sureness, weighed: Sequence[Weighed], expected: Floats, right: NDArray[np.bool_],
    wanted: float, *, of_all: float,
) -> Thresholds:  # fmt: skip
    """Lower to the least threshold at which `wanted` of those that are called `name` are right, counted and expected.

    Of all that are answered alone `of_all` are expected to be; without such a threshold they stay as they were.
    """
    changed = ("quite_sure_at", "fairly_sure_at") if name == "quite sure" else ("fairly_sure_at",)
    for threshold in SURE_AT:
        tried = thresholds.model_copy(update=dict.fromkeys(changed, round(float(threshold), 3)))
        called = np.array([each.sureness(tried) for each in weighed])
        band, above = called == name, called != "a first guess"
        if (
            band.sum() >= FEWEST
            and min(expected[band].mean(), right[band].mean()) >= wanted
            and expected[above].mean() >= of_all
        ):
            return tried
    return thresholds


def _decline_at(weighed: Sequence[Weighed], labels: NDArray[np.str_], sets: NDArray[np.int64]) -> float:
    """Keeping what is in scope weighs thrice: a question turned away is worse than one too many answered.

    `sets` tells which file a message is of: the border of scope counts as much as the messages of every day.
    """
    ours, theirs = np.isin(labels, ["in", "vague"]), np.isin(labels, ["out_near", "out_far", "about"])

    def worth(threshold: float) -> float:
        tried = RAW.model_copy(update={"decline_at": threshold})
        declined = np.array([each.is_declined(tried) for each in weighed])
        return float(
            np.mean(
                [
                    3 * (1 - declined[ours & (sets == each)].mean()) + declined[theirs & (sets == each)].mean()
                    for each in np.unique(sets)
                ]
            )
        )

    return _middle_of_best(DECLINE_AT, worth)


def _middle_of_best(thresholds: Floats, worth: Callable[[float], float]) -> float:
    """Return the middle of the widest run of thresholds within a point of the best: an edge would be luck."""
    worths = np.array([worth(float(threshold)) for threshold in thresholds])
    good = np.flatnonzero(worths >= worths.max() - 0.01)
    runs = np.split(good, np.flatnonzero(np.diff(good) > 1) + 1)
    widest = max(runs, key=len)
    return round(float(thresholds[widest].mean()), 3)
