"""What sentences may not say: claims that we never make, findings in the study's name, the same twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from bot.knowledge.files import Broken, File, Problem
from bot.knowledge.folder import Folder
from bot.knowledge.models import BannedClaim, BannedClaims, Record, Scope, Themes
from bot.knowledge.wording import Loc

# Of the study we know labels, method and abstracts; whatever else is said in its name is invented.
FINDING = re.compile(
    r"\bstudy (?:says?|shows?|showed|finds?|reports?|reported|names?|concludes?|suggests?|proves?)\b"
    r"|\bstudy found\b(?= \w)"  # but not "no controlled study found"
    r"|\binterviewees?\b|\bstudy(?:.s)? participants?\b|\bparticipants? (?:of|in) (?:the|this) study\b",
    re.IGNORECASE,
)
NAMED = re.compile(r"\b(?:the|this) study\b|\bAmrit\b|\bNarayanappa\b", re.IGNORECASE)
LABELS = {"name", "study_codes"}  # in themes.yaml: the study's own words, as it spells them
UNSHOWN = {"sounds_like"}  # messages that people write, compared with but never displayed


def text_problems(folder: Folder) -> Iterator[Problem]:
    patterns, problems = _banned_patterns(folder.banned_claims)
    yield from problems
    for file in (*folder.barriers, folder.plays, folder.questions, folder.scope, folder.themes):
        if isinstance(file, File):
            for loc, text in texts(file.record):
                if UNSHOWN.isdisjoint(loc):
                    yield from banned(file, loc, text, patterns)
                    yield from _attributed(file, loc, text)
    yield from _repeated_symptoms(folder)


def texts(part: object, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """Return every text in a record, and the way to it."""
    if isinstance(part, str):
        yield loc, part
    elif isinstance(part, Record):
        for name, value in part:
            yield from texts(value, (*loc, name))
    elif isinstance(part, tuple):
        for index, entry in enumerate(cast("tuple[object, ...]", part)):
            yield from texts(entry, (*loc, index))


def _banned_patterns(
    file: File[BannedClaims] | Broken,
) -> tuple[list[tuple[re.Pattern[str], BannedClaim]], list[Problem]]:
    """Return the patterns that work, and what is wrong with the others."""
    patterns: list[tuple[re.Pattern[str], BannedClaim]] = []
    problems: list[Problem] = []
    if isinstance(file, Broken):
        return patterns, problems
    for at, claim in enumerate(file.record.claims):
        for index, written in enumerate(claim.patterns):
            try:
                pattern = re.compile(written, re.IGNORECASE)
            except re.error as error:
                message = f'pattern "{written}" is not a regular expression: {error}; mend it'
                problems.append(file.problem(message, "claims", at, "patterns", index))
                continue
            if pattern.search(""):
                message = f'pattern "{written}" finds every text; narrow it'
                problems.append(file.problem(message, "claims", at, "patterns", index))
            else:
                patterns.append((pattern, claim))
    return patterns, problems


def banned(
    file: File[Record], loc: Loc, text: str, patterns: list[tuple[re.Pattern[str], BannedClaim]]
) -> Iterator[Problem]:
    for pattern, claim in patterns:
        if found := pattern.search(text):
            message = f'"{found[0]}" is a claim that we do not make; say instead: {claim.say_instead}'
            yield file.problem(message, *loc)


def _attributed(file: File[Record], loc: Loc, text: str) -> Iterator[Problem]:
    found = FINDING.search(text)
    if not found and _may_not_name_the_study(file.record, loc):
        found = NAMED.search(text)
    if found:
        message = f'"{found[0]}" speaks for the study, of which we know the labels only; say it as our own'
        yield file.problem(message, *loc)


def _may_not_name_the_study(record: Record, loc: Loc) -> bool:
    """Spare the study's own labels, and what must tell where the taxonomy comes from."""
    match record, loc:
        case Scope(), ("replies", int(at), *_):
            return record.replies[at].kind != "about"
        case Themes(), _:
            return LABELS.isdisjoint(loc)
        case _:
            return True


def _repeated_symptoms(folder: Folder) -> Iterator[Problem]:
    places: dict[str, str] = {}
    for file in folder.whole_barriers:
        for index, symptom in enumerate(file.record.symptoms):
            problem = file.problem("", "symptoms", index)
            plain = re.sub(r"[\W_]+", " ", symptom.casefold()).strip() or symptom
            if plain in places:
                yield replace(problem, message=f"this symptom is in {places[plain]} too; reword one of them")
            places.setdefault(plain, f"{problem.path}:{problem.line}")
