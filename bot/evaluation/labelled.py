"""Messages whose right outcome people agreed on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.carried import carried
from bot.errors import LabelledSetInvalid, MessageUnreadable
from bot.triage.message import clean

ScopeLabel = Literal["in", "vague", "out_near", "out_far", "about"]


class Labelled(BaseModel):
    """One line of a labelled set. `also` are other themes that count as right; both are empty out of scope.

    `barriers` are what readers named first, `also_barriers` what they would accept as a good first answer; a set
    without them is judged by theme alone.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    text: Annotated[str, Field(min_length=1)]
    scope: ScopeLabel
    theme: str | None = None
    also: tuple[str, ...] = ()
    barriers: tuple[str, ...] = ()
    also_barriers: tuple[str, ...] = ()

    @property
    def accepted_barriers(self) -> frozenset[str]:
        return frozenset((*self.barriers, *self.also_barriers))

    @property
    def accepted(self) -> frozenset[str]:
        return frozenset(theme for theme in (self.theme, *self.also) if theme)


def gate_sets() -> tuple[Path, ...]:
    """Return the sets that a new index is judged on: the wheel's; in a source checkout the repository's own."""
    return tuple(sorted(carried("eval", "tests/eval").glob("*.jsonl")))


def read_labelled(file: Path) -> tuple[Labelled, ...]:
    """Raises LabelledSetInvalid with the line that is wrong."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise LabelledSetInvalid(file, 1, f"cannot be read: {reason}") from error
    found: dict[str, Labelled] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            labelled = Labelled.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise LabelledSetInvalid(file, number, f"{where}: {first['msg']}") from error
        if labelled.scope == "in" and labelled.theme is None:
            raise LabelledSetInvalid(file, number, "a message in scope needs its theme")
        if labelled.id in found:
            raise LabelledSetInvalid(file, number, f"the id {labelled.id} was used before")
        try:
            clean(labelled.text)
        except MessageUnreadable as error:
            raise LabelledSetInvalid(file, number, str(error)) from error
        found[labelled.id] = labelled
    if not found:
        raise LabelledSetInvalid(file, 1, "it holds no labelled message")
    return tuple(found.values())
