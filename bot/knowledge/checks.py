"""What one record cannot know of itself. Each check yields its problems at the line of the wrong item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from bot.knowledge.files import File, Problem
from bot.knowledge.folder import Folder
from bot.knowledge.links import link_problems
from bot.knowledge.models import Barrier, Question, Record
from bot.knowledge.texts import text_problems
from bot.sentences import counted, did_you_mean

# Of the study by Kolar Narayanappa and Amrit: the conference chapter and its journal version.
STUDY, STUDY_SOURCES = "R01", {"R01", "R02"}
WHOSE = {"extension": "an extension is ours alone", "organisation": "this is an organisation's own"}
OWN_CODES = "what is the organisation's own has no study codes; remove them"
DIMENSIONS, THEMES, CODES = 4, 11, 47


def check(folder: Folder, today: date) -> Iterator[Problem]:
    """Everything that is wrong between records, as far as the files could be read."""
    yield from _check_themes(folder)
    for file in folder.whole_barriers:
        yield from _check_name(file)
        yield from _check_theme(file, folder)
        yield from _check_provenance(file, folder)
        yield from _check_sources(file, folder)
        yield from _check_horizons(file)
        yield from _check_tools(file, today)
        yield from _check_repeats(file)
    yield from _check_codes(folder)
    yield from _check_source_ids(folder)
    yield from _check_questions(folder)
    yield from _check_scope(folder)
    yield from _check_plays(folder)
    yield from link_problems(folder)
    yield from text_problems(folder)


def _check_name(file: File[Barrier]) -> Iterator[Problem]:
    if file.record.id != file.path.stem:
        way_out = f"write {file.path.stem} here or rename the file"
        yield file.problem(f"id {file.record.id} is not the file's name; {way_out}", "id")


def _check_theme(file: File[Barrier], folder: Folder) -> Iterator[Problem]:
    if problem := folder.unknown_theme(file.record.theme):
        yield file.problem(problem, "theme")


def _check_provenance(file: File[Barrier], folder: Folder) -> Iterator[Problem]:
    barrier = file.record
    if barrier.provenance == "organisation" and not folder.is_overlaid:
        yield file.problem("organisation is for what an overlay adds; call it an extension", "provenance")
    if not barrier.sources and barrier.provenance != "organisation":
        yield file.problem("nothing is cited; add a source", "sources")
    if barrier.provenance in ("extension", "organisation"):
        if barrier.study_codes:
            message = f"an {barrier.provenance} has no study codes; remove them, or call it related"
            message = OWN_CODES if barrier.provenance == "organisation" else message
            yield file.problem(message, "study_codes")
        for index, source in enumerate(barrier.sources):
            if source in STUDY_SOURCES:
                yield file.problem(f"{WHOSE[barrier.provenance]}; do not cite {source} for it", "sources", index)
    elif not barrier.study_codes:
        message = f"provenance {barrier.provenance} needs a study code; add one, or call it an extension"
        yield file.problem(message, "provenance")
    if barrier.provenance == "study-code" and STUDY not in barrier.sources:
        yield file.problem(f"provenance study-code rests on the study; add {STUDY} to sources", "sources")


def _check_codes(folder: Folder) -> Iterator[Problem]:
    """Check that each code of a barrier is one of its theme's, and each code of the study leads to a barrier."""
    if not isinstance(folder.themes, File) or folder.themes.problems:
        return
    theme_of = {code: theme.id for theme in folder.themes.record.themes for code in theme.study_codes}
    for file in folder.whole_barriers:
        for index, code in enumerate(file.record.study_codes):
            if code not in theme_of:
                message = f'"{code}" is not a code of the study{did_you_mean(code, theme_of)}'
                yield file.problem(message, "study_codes", index)
            elif theme_of[code] != file.record.theme and not folder.unknown_theme(file.record.theme):
                message = f'"{code}" is a code of {theme_of[code]}, not of {file.record.theme}'
                yield file.problem(f"{message}; change one of them", "study_codes", index)
    if folder.is_overlaid:
        return
    used = {code for file in folder.whole_barriers for code in file.record.study_codes}
    unread = "\n".join(file.text for file in folder.barriers if file.problems)
    for at, theme in enumerate(folder.themes.record.themes):
        for index, code in enumerate(theme.study_codes):
            if code not in used and code not in unread:
                message = f'no barrier has the code "{code}"; add it to the one that it leads to'
                yield folder.themes.problem(message, "themes", at, "study_codes", index)


def _check_sources(file: File[Barrier], folder: Folder) -> Iterator[Problem]:
    if folder.source_ids is None:
        return
    for index, source in enumerate(file.record.sources):
        if source not in folder.source_ids:
            yield file.problem(f"source {source} is not in {folder.sources.path}", "sources", index)


def _check_horizons(file: File[Barrier]) -> Iterator[Problem]:
    horizons = [step.horizon for step in file.record.recommendations]
    for horizon in ("this-week", "next-quarter"):
        if horizon not in horizons:
            yield file.problem(f"no recommendation is for {horizon}; add one", "recommendations")
    for index, horizon in enumerate(horizons):
        if horizon == "this-week" and "next-quarter" in horizons[:index]:
            message = "this-week comes before next-quarter; move this recommendation up"
            yield file.problem(message, "recommendations", index)


def _check_tools(file: File[Barrier], today: date) -> Iterator[Problem]:
    tools = file.record.tools
    if tools and tools.checked_on > today:
        yield file.problem(f"checked_on {tools.checked_on} is in the future; today is {today}", "tools", "checked_on")


def _check_repeats(file: File[Barrier]) -> Iterator[Problem]:
    barrier = file.record
    lists: dict[str, Iterable[str]] = {
        "study_codes": barrier.study_codes,
        "sources": barrier.sources,
        "caused_by": [cause.id for cause in barrier.caused_by],
        "leads_to": barrier.leads_to,
        "confusable_with": barrier.confusable_with,
    }
    for key, entries in lists.items():
        yield from repeated(file, key, entries, key)


def _check_themes(folder: Folder) -> Iterator[Problem]:
    file = folder.themes
    if not isinstance(file, File):
        return
    dimensions, themes = file.record.dimensions, file.record.themes
    codes = [code for theme in themes for code in theme.study_codes]
    yield from repeated(file, "dimension", [dimension.id for dimension in dimensions], "dimensions")
    yield from repeated(file, "theme", [theme.id for theme in themes], "themes")
    for at, theme in enumerate(themes):
        if theme.dimension not in {dimension.id for dimension in dimensions} and not file.problems:
            message = f'dimension "{theme.dimension}" is not in this file; add it'
            yield file.problem(message, "themes", at, "dimension")
        earlier = {code for other in themes[:at] for code in other.study_codes}
        for index, code in enumerate(theme.study_codes):
            if code in earlier or code in theme.study_codes[:index]:
                message = f'"{code}" is a code of two themes or twice in one; remove one'
                yield file.problem(message, "themes", at, "study_codes", index)
    for number, size, noun in (
        (len(dimensions), DIMENSIONS, "dimension"),
        (len(themes), THEMES, "theme"),
        (len(set(codes)), CODES, "code"),
    ):
        if number != size and not file.problems:
            yield file.problem(f"here are {counted(number, noun)}; the study has {size}. Restore its labels")


def _check_source_ids(folder: Folder) -> Iterator[Problem]:
    if isinstance(folder.sources, File):
        ids = [source.id for source in folder.sources.record.sources]
        yield from repeated(folder.sources, "source", ids, "sources")


def _check_questions(folder: Folder) -> Iterator[Problem]:
    file = folder.questions
    if not isinstance(file, File):
        return
    yield from repeated(file, "question", [question.id for question in file.record.questions], "questions")
    for at, question in enumerate(file.record.questions):
        for number, choice in enumerate(question.choices):
            loc = ("questions", at, "choices", number)
            yield from _unknown_barriers(file, choice.barriers, folder, *loc)
            earlier = {barrier for other in question.choices[:number] for barrier in other.barriers}
            for barrier in choice.barriers:
                if barrier in earlier:
                    message = f"{barrier} is in an earlier choice too, so this question cannot tell it apart"
                    yield file.problem(f"{message}; remove one", *loc, "barriers")
        if question.kind == "confusable":
            for one, other in _not_confusable(question, folder):
                message = f"{one} and {other} are told apart here, but are not in each other's confusable_with"
                yield file.problem(f"{message}; add them there, or call the question ambiguous", "questions", at)


def _not_confusable(question: Question, folder: Folder) -> Iterator[tuple[str, str]]:
    """Pairs from two choices of which a readable barrier does not list the other."""
    for number, choice in enumerate(question.choices):
        for one in choice.barriers:
            for other in (barrier for later in question.choices[number + 1 :] for barrier in later.barriers):
                if other != one and (lacks(one, other, folder) or lacks(other, one, folder)):
                    yield one, other


def lacks(one: str, other: str, folder: Folder) -> bool:
    known = one in folder.by_id and other in folder.by_id and one not in folder.damaged
    return known and other not in folder.by_id[one].record.confusable_with


def _check_scope(folder: Folder) -> Iterator[Problem]:
    file = folder.scope
    if not isinstance(file, File):
        return
    kinds = {reply.id: reply.kind for reply in file.record.replies}
    yield from repeated(file, "reply", [reply.id for reply in file.record.replies], "replies")
    for at, reply in enumerate(file.record.replies):
        yield from _unknown_barriers(file, reply.barriers, folder, "replies", at)
    for kind in ("near", "far", "about"):
        default = file.record.defaults.get(kind)
        if default is None:
            yield file.problem(f"kind {kind} has no default; add the id of its reply", "defaults")
        elif default not in kinds:
            if not file.problems:
                message = f'reply "{default}" is unknown{did_you_mean(default, kinds)}'
                yield file.problem(message, "defaults", kind)
        elif kinds[default] != kind:
            message = f'reply "{default}" is of kind {kinds[default]}; name one of kind {kind}'
            yield file.problem(message, "defaults", kind)


def _check_plays(folder: Folder) -> Iterator[Problem]:
    file = folder.plays
    if not isinstance(file, File):
        return
    yield from repeated(file, "play", [play.id for play in file.record.plays], "plays")
    for at, play in enumerate(file.record.plays):
        yield from _unknown_barriers(file, play.barriers, folder, "plays", at)
        if problem := folder.unknown_theme(play.theme):
            yield file.problem(problem, "plays", at, "theme")


def _unknown_barriers(file: File[Record], ids: tuple[str, ...], folder: Folder, *loc: int | str) -> Iterator[Problem]:
    for index, barrier in enumerate(ids):
        if problem := folder.unknown_barrier(barrier):
            yield file.problem(problem, *loc, "barriers", index)
    yield from repeated(file, "barriers", ids, *loc, "barriers")


def repeated(file: File[Record], noun: str, entries: Iterable[str], *loc: int | str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry in seen:
            yield file.problem(f'{noun}: "{entry}" is given twice; remove or rename one', *loc, index)
        seen.add(entry)
