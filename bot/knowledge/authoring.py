"""A barrier asked for, field by field: what is typed is checked at once, so that the file that is written is valid."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import StringConstraints, TypeAdapter, ValidationError

from bot.errors import KnowledgeInvalid, KnowledgeMissing, KnowledgeUnwritable, ThemeUnknown
from bot.knowledge.files import Broken, read_file
from bot.knowledge.load import packaged_knowledge
from bot.knowledge.models import Barrier, BarrierId, Sources, Text, Theme, Themes
from bot.knowledge.new import PREFIXES, next_id
from bot.knowledge.overlay import OWN, is_overlay
from bot.sentences import counted, did_you_mean

Ask = Callable[[str], str]
"""Shows what is wanted and returns what was typed."""
Tell = Callable[[str], None]

LEAST_SYMPTOMS, LEAST_STEPS = 7, 1
OWN_PREFIX = "OWN"
SCHEMA = "# yaml-language-server: $schema=../schema/barrier.json\n"
_text: TypeAdapter[str] = TypeAdapter(Text)
_prefix: TypeAdapter[str] = TypeAdapter(Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,7}$")])


@dataclass(frozen=True, slots=True)
class _Field:
    key: str
    ask: str


FIELDS = (
    _Field("name", "The barrier in a few words"),
    _Field("summary", "What holds adoption back, in a sentence"),
)
EDITORIAL = (
    _Field("one_line", "The same as one would say it aloud"),
    _Field("title_question", "The question that a team would ask"),
    _Field("ask_back", "A question that shows how bad it is"),
    _Field("deliverable", "What exists after the first step"),
)


class BarrierAuthor:
    """Asks for one barrier of the knowledge in `folder`: a whole knowledge base, or an organisation's overlay.

    Raises KnowledgeMissing, or KnowledgeInvalid where the themes or sources cannot be read.
    """

    def __init__(self, folder: Path, ask: Ask, tell: Tell) -> None:
        if not folder.is_dir():
            raise KnowledgeMissing(folder)
        self._folder = folder
        self._ask = ask
        self._tell = tell
        self._is_overlay = is_overlay(folder)
        base = packaged_knowledge() if self._is_overlay else folder
        themes, sources = read_file(base / "themes.yaml", Themes), read_file(base / "sources.yaml", Sources)
        broken = [problem for file in (themes, sources) if isinstance(file, Broken) for problem in file.problems]
        if isinstance(themes, Broken) or isinstance(sources, Broken):
            raise KnowledgeInvalid(broken, files=2)
        self._themes = {theme.id: theme for theme in themes.record.themes}
        self._sources = {source.id: source for source in sources.record.sources}

    def asked(self, theme_id: str | None = None) -> Barrier:
        """Ask until there is a whole barrier. Raises ThemeUnknown, and what asking raises when nobody answers."""
        if theme_id is not None and theme_id not in self._themes:
            raise ThemeUnknown(theme_id, list(self._themes))
        theme = self._themes[theme_id] if theme_id else self._theme()
        fields: dict[str, Any] = {"id": self._id(theme), **self._texts(FIELDS), "theme": theme.id}
        fields |= self._provenance(theme)
        fields["devops"] = self._choice(
            "How is it with other software", ("shared", "shared-harder-with-ml", "mlops-only")
        )
        fields["era"] = self._choice("Is it about large language models", ("general", "llm"))
        fields["editorial"] = {
            **self._texts(EDITORIAL),
            "effort": {
                "first_step": self._choice("How long does the first step take", ("hours", "days", "weeks")),
                "people": self._number("How many people does it take", 1, 20),
            },
        }
        fields["root_causes"] = self._lines("Why it is so, a cause a line", 1)
        fields["symptoms"] = self._lines("How teams complain of it, in their words, a sentence a line", LEAST_SYMPTOMS)
        fields["recommendations"] = [
            {"horizon": horizon, "text": text}
            for horizon, what in (("this-week", "What to do this week"), ("next-quarter", "What to do next quarter"))
            for text in self._lines(f"{what}, a step a line", LEAST_STEPS)
        ]
        fields |= self._texts(
            (
                _Field("good_looks_like", "How it is when the barrier is gone"),
                _Field("fixed_when", "A check that can fail, to know that it is gone"),
            )
        )
        fields["evidence"] = {
            "barrier": self._choice("How well is the barrier known", ("strong", "moderate", "thin")),
            "remedy": self._choice("How well is the remedy known", ("measured", "reported", "reasoned")),
        }
        fields["sources"] = self._cited(fields["provenance"])
        return Barrier.model_validate(fields)

    def write(self, barrier: Barrier) -> Path:
        """Write its file. Raises KnowledgeUnwritable, also where somebody has written one of that id meanwhile."""
        path = self._folder / "barriers" / f"{barrier.id}.yaml"
        fields = barrier.model_dump(mode="json", exclude_defaults=True)
        try:
            path.parent.mkdir(exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(SCHEMA if not self._is_overlay else "")
                yaml.safe_dump(fields, file, sort_keys=False, allow_unicode=True, width=118)
        except OSError as error:
            raise KnowledgeUnwritable(self._folder, error.strerror or str(error)) from error
        return path

    def _theme(self) -> Theme:
        names = {f"{theme.name}: {theme.reading}": theme for theme in self._themes.values()}
        return names[self._choice("Which theme is it under", tuple(names))]

    def _id(self, theme: Theme) -> str:
        barriers = self._folder / "barriers"
        if not self._is_overlay:
            return next_id(barriers, PREFIXES[theme.dimension])
        known = sorted({path.stem.rpartition("-")[0] for path in barriers.glob("*-*.yaml")})
        default = known[0] if known else OWN_PREFIX
        prefix = self._valid(f"Letters that your organisation's barriers begin with [{default}]", _prefix, default)
        return TypeAdapter[str](BarrierId).validate_python(next_id(barriers, prefix))

    def _provenance(self, theme: Theme) -> dict[str, object]:
        if self._is_overlay:
            return {"provenance": OWN}
        options = ("none: it is ours alone", *theme.study_codes)
        code = self._choice("Which of the study's codes is it", options)
        if code == options[0]:
            return {"provenance": "extension"}
        kind = self._choice("Does the code name it, or plausibly cover it", ("study-code", "related"))
        return {"provenance": kind, "study_codes": [code]}

    def _cited(self, provenance: str) -> list[str]:
        least = "none may do" if provenance == OWN else "one at least"
        if provenance == "study-code":
            least += ", R01 among them"
        while True:
            typed = re.split(r"[\s,]+", self._ask(f"Sources by their ids, with commas ({least})").strip())
            ids = list(dict.fromkeys(id for id in typed if id))
            unknown = [id for id in ids if id not in self._sources]
            if unknown:
                self._tell(f"source {unknown[0]} is unknown{did_you_mean(unknown[0], self._sources)}")
            elif not ids and provenance != OWN:
                self._tell("nothing is cited; name a source")
            elif provenance == "study-code" and "R01" not in ids:
                self._tell("a study's code rests on the study; add R01")
            elif provenance in (OWN, "extension") and {"R01", "R02"} & set(ids):
                self._tell("this is not the study's; leave R01 and R02 out")
            else:
                return ids

    def _texts(self, fields: Sequence[_Field]) -> dict[str, str]:
        return {field.key: self._valid(field.ask, _text) for field in fields}

    def _valid(self, what: str, kind: TypeAdapter[str], default: str = "") -> str:
        while True:
            try:
                return kind.validate_python(self._ask(what).strip() or default)
            except ValidationError as error:
                self._tell(error.errors(include_url=False, include_input=False)[0]["msg"])

    def _lines(self, what: str, least: int) -> list[str]:
        self._tell(f"{what}; an empty line ends it ({counted(least, 'line')} at least)")
        lines: list[str] = []
        while True:
            typed = self._ask(str(len(lines) + 1)).strip()
            if not typed and len(lines) >= least:
                return lines
            if not typed:
                self._tell(f"{counted(least - len(lines), 'line')} more")
            elif typed in lines:
                self._tell("that stands there already")
            else:
                try:
                    lines.append(_text.validate_python(typed))
                except ValidationError as error:
                    self._tell(error.errors(include_url=False, include_input=False)[0]["msg"])

    def _choice(self, what: str, options: Sequence[str]) -> str:
        self._tell(f"{what}?")
        for number, option in enumerate(options, start=1):
            self._tell(f"  {number}  {option}")
        return options[self._number(f"1 to {len(options)}", 1, len(options)) - 1]

    def _number(self, what: str, least: int, most: int) -> int:
        while True:
            typed = self._ask(what).strip()
            if typed.isdecimal() and least <= int(typed) <= most:
                return int(typed)
            self._tell(f"a number from {least} to {most}")
