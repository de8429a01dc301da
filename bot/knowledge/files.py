"""A YAML file -> a record whose every part knows its line.

Nothing that a file holds can stop the reading: what is wrong becomes a `Problem`, and what is wrong in one
item of a list costs that item only, so that one run finds everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Generic, TypeVar, cast

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml.constructor import SafeConstructor
from yaml.reader import ReaderError

from bot.knowledge.models import Record
from bot.knowledge.wording import Loc, sentence

MAX_BYTES = 1_000_000
MAX_DEPTH = 20  # ours reach 4; libyaml overruns the C stack at some 100,000
MAX_NUMBER = 40  # characters; what is longer is text, whatever YAML takes it for
LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
TAG = "tag:yaml.org,2002:"
NOT_TEXT: dict[str, Callable[[yaml.ScalarNode], object]] = {
    "bool": SafeConstructor().construct_yaml_bool,
    "int": SafeConstructor().construct_yaml_int,
    "float": SafeConstructor().construct_yaml_float,
    "timestamp": SafeConstructor().construct_yaml_timestamp,
}
UNWRITTEN = re.compile(r"TODO\b")

R = TypeVar("R", bound=Record, covariant=True)
Mistakes = dict[Loc, tuple[int, str]]


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend, and where."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class File(Generic[R]):
    """A file that could be read. Where it has problems, its record lacks the items that they are in."""

    path: Path
    text: str
    tree: yaml.MappingNode
    record: R
    problems: tuple[Problem, ...]

    def problem(self, message: str, *loc: int | str) -> Problem:
        return Problem(self.path, _line_of(self.tree, loc), message)


@dataclass(frozen=True)
class Broken:
    """A file of which no record could be made; `text` is what could be read of it."""

    path: Path
    text: str
    problems: tuple[Problem, ...]


class Refused(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_file(path: Path, model: type[R]) -> File[R] | Broken:
    text = ""
    try:
        text = read_text(path)
        tree = compose(text)
    except Refused as refused:
        return Broken(path, text, (Problem(path, refused.line, str(refused)),))
    mistakes: Mistakes = {}
    record, errors = _validated(model, plain(tree, mistakes))
    for error in errors:
        # A text still to be written, or a date that is none, has its sentence already.
        mistakes.setdefault(error["loc"], (_line_of(tree, error["loc"]), sentence(error, model)))
    problems = tuple(sorted(Problem(path, line, message) for line, message in mistakes.values()))
    if record is None:
        tree = without(tree, {_removable(error) for error in errors})
        record, _ = _validated(model, plain(tree, {}))
    if record is None:
        return Broken(path, text, problems)
    return File(path, text, tree, record, problems)


def with_lent(broken: Broken, model: type[R], donor: R, lendable: frozenset[str]) -> File[R] | Broken:
    """Read a record in spite of wrong values, so that what is whole in the file is checked in the same run.

    The donor's value stands in for what cannot be read; `lendable` are keys on which no check across records rests.
    """
    try:
        tree = compose(broken.text)
    except Refused:
        return broken
    _, errors = _validated(model, plain(tree, {}))
    tree = without(tree, {_removable(error) for error in errors})
    data = _plain_mapping(tree, {}, ())
    _, errors = _validated(model, data)
    wrong = {str(error["loc"][0]) for error in errors if error["loc"]}
    if not wrong or not wrong <= lendable:
        return broken
    record, _ = _validated(model, data | {key: getattr(donor, key) for key in wrong})
    return File(broken.path, broken.text, tree, record, broken.problems) if record else broken


def read_text(path: Path) -> str:
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise Refused(1, "this is not a regular file; remove it")
        if status.st_size > MAX_BYTES:
            raise Refused(1, f"the file is larger than {MAX_BYTES // 1000} kB; split it or shorten it")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise Refused(1, "the file is missing; restore it") from None
    except OSError as error:
        raise Refused(1, f"the file cannot be read: {error.strerror}") from None
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Refused(line, "this line is not UTF-8; save the file as UTF-8") from None


def compose(text: str) -> yaml.MappingNode:
    try:
        _refuse_bombs(text)
        root = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        raise _not_yaml(error, text) from None
    if root is None:
        raise Refused(1, "the file is empty; fill it or remove it")
    if not isinstance(root, yaml.MappingNode):
        raise Refused(_line_at(root), "the file must hold keys and their values (key: value), one a line")
    return root


def _refuse_bombs(text: str) -> None:
    """Aliases can make a page of text gigabytes of data, nesting can overrun the stack: we use neither."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.AliasEvent():
                raise Refused(line, "aliases (*name) are not used here; write the text out")
            case yaml.CollectionStartEvent() if depth == MAX_DEPTH:
                raise Refused(line, f"lists and mappings are nested more than {MAX_DEPTH} deep; flatten them")
            case yaml.CollectionStartEvent():
                depth += 1
            case yaml.CollectionEndEvent():
                depth -= 1
            case _:
                pass


def _not_yaml(error: yaml.YAMLError, text: str) -> Refused:
    match error:
        case ReaderError():
            line = text.encode()[: error.position].count(b"\n") + 1
            return Refused(line, "a control character is in this line; remove it")
        case yaml.MarkedYAMLError():
            mark = error.problem_mark or error.context_mark
            reason = error.problem or error.context or "unknown reason"
            return Refused(mark.line + 1 if mark else 1, f"this is not YAML: {reason}{hint(reason)}")
        case _:
            return Refused(1, f"this is not YAML: {error}")


def hint(reason: str) -> str:
    if "mapping values are not allowed" in reason:
        return '; put a text that holds ": " in quotes'
    if "cannot start any token" in reason:
        return "; indent with spaces, and put a text that starts with @, ` or % in quotes"
    if "another document" in reason:
        return "; remove the line with ---"
    return "; check quotes, brackets and indentation here and in the line before"


def plain(node: yaml.Node, mistakes: Mistakes, loc: Loc = ()) -> object:
    """Return the node as Python data; mistakes that no model sees (a key given twice, TODO) go to `mistakes`."""
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(node, mistakes, loc)
    if isinstance(node, yaml.SequenceNode):
        return [plain(item, mistakes, (*loc, index)) for index, item in enumerate(items(node))]
    value, complaint = scalar(node) if isinstance(node, yaml.ScalarNode) else (None, "")
    if complaint:
        mistakes[loc] = (_line_at(node), complaint)
    elif isinstance(value, str) and UNWRITTEN.match(value):
        name = next((step for step in reversed(loc) if isinstance(step, str)), "this")
        mistakes[loc] = (_line_at(node), f"{name} is still to be written: {value[:80]}")
    return value


def _plain_mapping(node: yaml.MappingNode, mistakes: Mistakes, loc: Loc) -> dict[str, object]:
    data: dict[str, object] = {}
    first_lines: dict[str, int] = {}
    for key, value in pairs(node):
        name, line = _key_name(key), _line_at(key)
        if name in first_lines:
            twice = f'key "{name}" is given twice, first on line {first_lines[name]}; remove one of them'
            mistakes[*loc, name, "twice"] = (line, twice)
        first_lines.setdefault(name, line)
        data[name] = plain(value, mistakes, (*loc, name))
    return data


def scalar(node: yaml.ScalarNode) -> tuple[object, str]:
    """Return a scalar's value, and a complaint if there is one."""
    written = str(node.value)
    tag = node.tag.removeprefix(TAG)
    if tag == "null":
        return None, ""
    if tag in NOT_TEXT and len(written) <= MAX_NUMBER:
        try:
            return NOT_TEXT[tag](node), ""
        except (ValueError, OverflowError, KeyError):
            complaint = f'"{written}" looks like a date or number but is none; mend it, or put it in quotes'
            return written, complaint
    if tag in {"str", "value", "merge", *NOT_TEXT}:
        return written, ""
    return written, f'the tag "{tag}" is not used here; remove it'


def _validated(model: type[R], data: object) -> tuple[R | None, list[ErrorDetails]]:
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [each for each in error.errors(include_url=False) if not _miscounted(each)]


def _miscounted(error: ErrorDetails) -> bool:
    """Pydantic leaves bad entries out when it counts a list; these have problems of their own."""
    given: object = error["input"]
    if error["type"] != "too_short" or not isinstance(given, list):
        return False
    return len(cast("list[object]", given)) >= error.get("ctx", {})["min_length"]


def _removable(error: ErrorDetails) -> Loc:
    """Tell what must go for the rest to be good: an item of a list, an unknown key; () if nothing would help."""
    loc = error["loc"]
    for depth, step in enumerate(loc, start=1):
        if isinstance(step, int):
            return loc[:depth]
    return loc if error["type"] == "extra_forbidden" else ()


def without(node: yaml.MappingNode, gone: set[Loc]) -> yaml.MappingNode:
    """Return the tree less some parts, so that lines can still be looked up in what is left."""

    def kept(part: yaml.Node, loc: Loc) -> yaml.Node:
        if isinstance(part, yaml.SequenceNode):
            inside = [(item, (*loc, index)) for index, item in enumerate(items(part))]
            values = [kept(item, at) for item, at in inside if at not in gone]
            return yaml.SequenceNode(part.tag, values, part.start_mark, part.end_mark)
        if isinstance(part, yaml.MappingNode):
            return kept_mapping(part, loc)
        return part

    def kept_mapping(part: yaml.MappingNode, loc: Loc) -> yaml.MappingNode:
        inside = [(key, value, (*loc, _key_name(key))) for key, value in pairs(part)]
        values = [(key, kept(value, at)) for key, value, at in inside if at not in gone]
        return yaml.MappingNode(part.tag, values, part.start_mark, part.end_mark)

    return kept_mapping(node, ())


def _line_of(tree: yaml.Node, loc: Iterable[int | str]) -> int:
    """Return the line of what `loc` leads to, or of the innermost part of the way that is there."""
    node, line = tree, _line_at(tree)
    for step in loc:
        if isinstance(node, yaml.MappingNode):
            # The last of twins: YAML takes its value.
            found = [(_line_at(key), value) for key, value in pairs(node) if _key_name(key) == step]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = [(_line_at(item), item) for item in items(node)[step : step + 1]]
        else:
            break
        if not found:
            break
        line, node = found[-1]
    return line


def _key_name(key: yaml.Node) -> str:
    """Return it as written: `no:` is the key "no" to us, though YAML means false."""
    return str(key.value) if isinstance(key, yaml.ScalarNode) else "? (a list or mapping)"


def pairs(node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value


def items(node: yaml.SequenceNode) -> list[yaml.Node]:
    return node.value


def _line_at(node: yaml.Node) -> int:
    return node.start_mark.line + 1
