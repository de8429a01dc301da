"""Reading blocks: the elements a person can press, and the text a person reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from html import unescape
from itertools import count

from tests.standins.slack.workspace import Blocks, Payload

TICKABLE = {"checkboxes": "initial_options"}
CHOOSABLE = {"radio_buttons": "initial_option", "static_select": "initial_option"}
TYPABLE = {
    "plain_text_input": "initial_value",
    "number_input": "initial_value",
    "email_text_input": "initial_value",
    "url_text_input": "initial_value",
}
STATEFUL = TICKABLE | CHOOSABLE | TYPABLE
PRESSABLE = {"button", "icon_button", "feedback_buttons", "workflow_button"}

_generated = count(1)


@dataclass(frozen=True)
class Placed:
    """An interactive element and the block it stands in."""

    block: Payload
    element: Payload

    @property
    def sends_at_once(self) -> bool:
        return self.block["type"] != "input" or bool(self.block.get("dispatch_action"))


def with_ids(blocks: Blocks) -> Blocks:
    """Slack gives each block and each interactive element an id when it has none."""
    blocks = deepcopy(blocks)
    for block in _all(blocks):
        block.setdefault("block_id", f"b{next(_generated):05x}")
    for placed in elements(blocks):
        placed.element.setdefault("action_id", f"a{next(_generated):05x}")
    return blocks


def elements(blocks: Blocks) -> Iterator[Placed]:
    for block in _all(blocks):
        inside = [*block.get("elements", []), *block.get("actions", []), block.get("accessory"), block.get("element")]
        for element in inside:
            if isinstance(element, dict) and (element.get("type") in PRESSABLE | set(STATEFUL) | {"overflow"}):
                yield Placed(block, element)


def _all(blocks: Blocks) -> Iterator[Payload]:
    for block in blocks:
        yield block
        if block.get("type") == "carousel":
            yield from _all(block.get("elements", []))
        if block.get("type") == "container":
            yield from _all(block.get("child_blocks", []))


def label(element: Payload) -> str:
    if element["type"] == "feedback_buttons":
        return " / ".join(element[side]["text"]["text"] for side in ("positive_button", "negative_button"))
    return element.get("text", {}).get("text") or element.get("placeholder", {}).get("text") or element["type"]


def buttons(blocks: Blocks) -> list[str]:
    return [label(p.element) for p in elements(blocks) if p.element["type"] in PRESSABLE]


def options(element: Payload) -> list[Payload]:
    groups = [option for group in element.get("option_groups", []) for option in group["options"]]
    return [*element.get("options", []), *groups]


def reading(text: str, blocks: Blocks, name_of: Callable[[str], str]) -> str:
    """What stands on the screen; buttons apart."""
    shown = "\n".join(part for block in blocks if (part := _read(block, name_of))) if blocks else _mrkdwn(text, name_of)
    return shown.strip()


def _read(block: Payload, name_of: Callable[[str], str]) -> str:
    def read(obj: Payload | str | None) -> str:
        if not obj:
            return ""
        if isinstance(obj, str):
            return obj
        if obj.get("type") in ("image", "user_image"):
            return f"[picture: {obj.get('alt_text', '')}]"
        if obj.get("type") == "rich_text":
            return _rich(obj, name_of)
        return _mrkdwn(obj["text"], name_of) if obj.get("type") == "mrkdwn" else str(obj.get("text", ""))

    def lines(*parts: Payload | str | None) -> str:
        return "\n".join(part for part in map(read, parts) if part)

    def choices(element: Payload | None) -> list[str]:
        return [f"( ) {read(option['text'])}" for option in options(element or {})]

    match block.get("type"):
        case "section":
            return lines(block.get("text"), *block.get("fields", []), *choices(block.get("accessory")))
        case "header" | "alert" | "markdown":
            return read(block.get("text"))
        case "divider":
            return "---"
        case "context":
            return "  ".join(map(read, block["elements"]))
        case "actions":
            return lines(*(choice for element in block["elements"] for choice in choices(element)))
        case "image":
            return lines(block.get("title"), f"[picture: {block.get('alt_text', '')}]")
        case "input":
            return lines(block.get("label"), *choices(block.get("element")), block.get("hint"))
        case "card":
            return lines(block.get("title"), block.get("subtitle"), block.get("body"))
        case "carousel":
            return lines(*(_read(card, name_of) for card in block["elements"]))
        case "container":
            return lines(
                block.get("title"), block.get("subtitle"), *(_read(b, name_of) for b in block.get("child_blocks", []))
            )
        case "rich_text":
            return _rich(block, name_of)
        case "table":
            return lines(*(" | ".join(map(read, row)) for row in block.get("rows", [])))
        case "plan":
            return lines(
                block.get("title"), *(_read({"type": "task_card"} | t, name_of) for t in block.get("tasks", []))
            )
        case "task_card":
            return lines(f"{read(block.get('title'))} ({block.get('status', '')})")
        case "data_table" | "data_visualization":
            return lines(block.get("title") or f"[{block['type']}]")
        case _:
            return ""


def _rich(block: Payload, name_of: Callable[[str], str]) -> str:
    parts = []
    for element in block.get("elements", []):
        match element.get("type"):
            case "text":
                parts.append(element["text"])
            case "link":
                parts.append(element.get("text") or element["url"])
            case "user":
                parts.append(f"@{name_of(element['user_id'])}")
            case "emoji":
                parts.append(f":{element['name']}:")
            case "broadcast":
                parts.append(f"@{element['range']}")
            case "rich_text_list":
                parts.append(
                    "\n".join(f"• {_rich({'elements': [item]}, name_of)}" for item in element["elements"]) + "\n"
                )
            case _:
                parts.append(_rich(element, name_of) + "\n")
    return "".join(parts)


def _mrkdwn(text: str, name_of: Callable[[str], str]) -> str:
    def special(match: re.Match[str]) -> str:
        target, _, shown = match[1].partition("|")
        if target.startswith("@"):
            return f"@{name_of(target[1:])}"
        if target.startswith("!"):
            return shown or f"@{target[1:].split('^')[0]}"
        if target.startswith("#"):
            return f"#{shown or name_of(target[1:])}"
        return f"{shown} ({target})" if shown else target

    return unescape(re.sub(r"<([^<>]+)>", special, text))


def pings(text: str, blocks: Blocks) -> list[str]:
    """Everyone whom the message would notify: user ids, `here`, `channel`, `everyone`, user groups."""
    found: list[str] = []

    def walk(value: object) -> None:
        match value:
            case {"type": "mrkdwn", "text": str(words)}:
                found.extend(mentions(words))
            case {"type": "markdown", "text": str(words)}:
                found.extend(mentions(words))
            case {"type": "user", "user_id": str(user)}:
                found.append(user)
            case {"type": "broadcast", "range": str(audience)}:
                found.append(audience)
            case dict():
                for inner in value.values():
                    walk(inner)
            case list():
                for inner in value:
                    walk(inner)
            case _:
                pass

    # With blocks, `text` is only what the notification says; Slack still notifies those whom it mentions.
    found.extend(mentions(text))
    walk(blocks)
    return list(dict.fromkeys(found))


def mentions(text: str) -> list[str]:
    return [m[1] for m in re.finditer(r"<(?:@|!)((?:[UW]\w+)|here|channel|everyone|subteam\^\w+)(?:\|[^>]*)?>", text)]
