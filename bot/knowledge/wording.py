"""A schema error -> one sentence that says what is wrong and how to mend it."""

from __future__ import annotations

import re
from datetime import date
from typing import get_args

from pydantic_core import ErrorDetails

from bot.knowledge.models import BarrierId, PlayId, Record, Slug, SourceId
from bot.sentences import did_you_mean

Loc = tuple[int | str, ...]


def sentence(error: ErrorDetails, model: type[Record]) -> str:
    loc, given = error["loc"], shown(error["input"])
    name, limits = named(loc), error.get("ctx", {})
    match error["type"]:
        case "missing":
            return f'key "{loc[-1]}" is missing; add it'
        case "extra_forbidden":
            return f'key "{loc[-1]}" is unknown{_better_key(loc, model)}'
        case "literal_error":
            allowed = re.findall(r"'([^']*)'", str(limits["expected"]))
            end = did_you_mean(str(error["input"]), allowed)
            return f"{name} {given} is not one of: {', '.join(allowed)}{end}"
        case "string_pattern_mismatch":
            return f"{name} {given} must look like {EXAMPLES.get(str(limits['pattern']), limits['pattern'])}"
        case "string_type":
            return f"{name} {_not_text(error['input'])}"
        case "string_too_short":
            return f"{name} is empty; write it"
        case "string_too_long":
            length = len(str(error["input"]).strip())
            return f"{name} has {length} characters; shorten it to {limits['max_length']}"
        case "too_short":
            return f"{name} needs {limits['min_length']} entries or more; it has {limits['actual_length']}"
        case "too_long":
            return f"{name} may have {limits['max_length']} entries; it has {limits['actual_length']}"
        case "tuple_type":
            return f"{name} must be a list, one entry a line after a dash"
        case "model_type" | "dict_type":
            return f"{name} must be a mapping with keys of its own"
        case "int_type" | "int_parsing" | "int_from_float" | "int_parsing_size":
            return f"{name} must be a whole number, not {given}"
        case "greater_than_equal":
            return f"{name} is {given}; it must be {limits['ge']} or more"
        case "less_than_equal":
            return f"{name} is {given}; it must be {limits['le']} or less"
        case "bool_type" | "bool_parsing":
            return f"{name} must be true or false, not {given}"
        case "json_invalid":
            return f"this line is not JSON: {limits['error']}"
        case kind if kind.startswith("date"):
            return f"{name} must be a date such as 2026-11-01, not {given}"
        case _:
            return f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _pattern_of(annotated: object) -> str:
    return get_args(annotated)[1].pattern


EXAMPLES = {
    _pattern_of(BarrierId): "ORG-08",
    _pattern_of(SourceId): "R08",
    _pattern_of(PlayId): "PLAY-08",
    _pattern_of(Slug): "slow-processes: small letters, digits and single dashes",
}


def named(loc: Loc) -> str:
    """`symptoms entry 3` for an item of a list, else the last key."""
    match loc:
        case (*_, str(key), int(index)):
            return f"{key} entry {index + 1}"
        case (*_, str(key), str(), "[key]"):
            return f"a key of {key}"
        case (*_, last):
            return str(last)
        case _:
            return "this"


def shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _not_text(value: object) -> str:
    match value:
        case None:
            return "is empty; write it or remove the key"
        case bool():
            return "is true or false to YAML, not text; put it in quotes"
        case int() | float() | date():
            return f"is a number or date to YAML ({value}), not text; put it in quotes"
        case _:
            return "must be one text, not a list or mapping"


def _better_key(loc: Loc, model: type[Record]) -> str:
    keys = list(_model_at(model, loc[:-1]).model_fields)
    return did_you_mean(str(loc[-1]), keys) or f"; remove it, or use one of: {', '.join(keys)}"


def _model_at(model: type[Record], loc: Loc) -> type[Record]:
    for step in loc:
        if isinstance(step, str):
            model = _record_in(model.model_fields[step].annotation) or model
    return model


def _record_in(annotation: object) -> type[Record] | None:
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    return next((found for part in get_args(annotation) if (found := _record_in(part))), None)
