"""Simulated askers: how many taps until a labelled message's barrier stands there, and what a question would cost.

The label plays the asker: they take what holds an accepted barrier, else "none of these", and err in a tenth of their
taps. A wrong barrier is left again by "back".
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.evaluation.labelled import Labelled
from bot.knowledge import Choice
from bot.triage import Answer, Clarify, Decline, Message, ShortList, Triage

ERRS = 0.1
MOST_TAPS = 6
"""Whoever has not found it by then gives up; counted as so many taps."""
RUNS = 10
AT_ONCE, IN_ONE, IN_TWO, IN_THREE = range(4)

Judge = Callable[[Message], Triage]
Tap = Callable[[Message], Message]


@dataclass(frozen=True, slots=True)
class Simulated:
    """One way to go about a message that is not answered at once: shares of askers, and their mean taps."""

    policy: str
    askers: int
    within: tuple[float, float, float, float]
    never: float
    mean_taps: float


def simulate(labelled: Sequence[Labelled], judge: Judge) -> tuple[list[Simulated], list[Simulated]]:
    """For all messages in scope with barrier labels as built, and for those that are listed or asked back by policy.

    `judge` is the bot's triage.
    """
    known: dict[Message, Triage] = {}

    def judged(message: Message) -> Triage:
        if message not in known:
            known[message] = judge(message)
        return known[message]

    inside = [item for item in labelled if item.scope == "in" and item.barriers]
    unsure = [item for item in inside if isinstance(judged(Message(item.text)), ShortList | Clarify)]
    policies: dict[str, Callable[[str], Message]] = {
        "as built": Message,
        "a list, never a question": lambda text: Message(text, asked=True),
        "a question first": lambda text: Message(text, none_fits=True),
    }
    return (
        [_walked("as built", inside, Message, judged)],
        [_walked(policy, unsure, opened, judged) for policy, opened in policies.items()],
    )


def _walked(policy: str, items: Sequence[Labelled], opened: Callable[[str], Message], judged: Judge) -> Simulated:
    taps = [
        _taps(opened(item.text), item.accepted_barriers, judged, random.Random(f"{item.id} {run}"))  # noqa: S311
        for item in items
        for run in range(RUNS)
    ]
    count = max(len(taps), 1)
    within = tuple(sum(t is not None and t <= most for t in taps) / count for most in range(4))
    return Simulated(
        policy,
        len(taps),
        (within[AT_ONCE], within[IN_ONE], within[IN_TWO], within[IN_THREE]),
        sum(t is None for t in taps) / count,
        sum(MOST_TAPS if t is None else t for t in taps) / count,
    )


def _taps(message: Message, accepted: frozenset[str], judged: Judge, chance: random.Random) -> int | None:
    """Count the taps until an accepted barrier is shown; None for who gives up."""
    before: Message | None = None
    for taps in range(MOST_TAPS):
        outcome = judged(message)
        if isinstance(outcome, Decline):
            return None
        if isinstance(outcome, Answer) and outcome.barrier.id in accepted:
            return taps
        if before is not None:  # a wrong pick
            message, before = before, None
            continue
        right, others = _choices(outcome, accepted)
        tap = chance.choice(others) if others and chance.random() < ERRS else right
        changed = tap(message)
        before = message if changed.picked else None
        message = changed
    return None


def _choices(outcome: Answer | ShortList | Clarify, accepted: frozenset[str]) -> tuple[Tap, list[Tap]]:
    """Return the tap that is right, and the others that can be made."""
    match outcome:
        case Clarify(question=question):
            taps = [
                (bool(accepted.intersection(choice.barriers)), _answered(question.choices, choice))
                for choice in question.choices
            ]
            otherwise = _answered(question.choices, None)
        case ShortList(barriers=listed):
            taps = [(barrier.id in accepted, _picked(barrier.id)) for barrier in listed]
            otherwise = _none_of(tuple(barrier.id for barrier in listed))
        case Answer(barriers=barriers):
            taps = [(barrier.id in accepted, _picked(barrier.id)) for barrier in outcome.others]
            otherwise = _none_of(tuple(barrier.id for barrier in barriers))
    right = next((tap for is_right, tap in taps if is_right), otherwise)
    return right, [tap for tap in (*(tap for _, tap in taps), otherwise) if tap is not right]


def _answered(offered: tuple[Choice, ...], choice: Choice | None) -> Tap:
    return lambda message: replace(message, asked=True, offered=offered, chosen=choice, none_fits=False)


def _picked(barrier: str) -> Tap:
    return lambda message: replace(message, picked=barrier)


def _none_of(barriers: tuple[str, ...]) -> Tap:
    return lambda message: replace(
        message, rejected=(*message.rejected, *barriers), none_fits=not message.offered, picked=None
    )
