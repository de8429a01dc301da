"""What Slack refuses. Each limit is a constant; where documentation and observation differ, the stricter one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.standins.slack.workspace import Payload

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_TEXT = 4_000  # documented 40,000; msg_too_long was observed from here
ALL_BLOCKS_TEXT = 13_200  # observed
SECTION_TEXT, SECTION_FIELDS, FIELD_TEXT = 3_000, 10, 2_000
HEADER_TEXT = 150
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
CONTEXT_ACTIONS_ELEMENTS = 5
BUTTON_TEXT, BUTTON_VALUE, BUTTON_URL = 75, 2_000, 3_000
ACTION_ID = BLOCK_ID = CALLBACK_ID = 255
OPTION_TEXT, OPTION_VALUE, OPTION_DESCRIPTION, OPTIONS = 75, 150, 75, 100
CHECKBOXES, OVERFLOW_OPTIONS = 10, 5
PLACEHOLDER = 150
MARKDOWN_TEXT = 12_000  # of all markdown blocks of a message together
IMAGE_URL, ALT_TEXT, IMAGE_TITLE = 3_000, 2_000, 2_000
INPUT_LABEL, INPUT_HINT = 2_000, 2_000
CARD_TITLE, CARD_SUBTITLE, CARD_BODY, CARD_ACTIONS = 150, 150, 200, 3
CAROUSEL_CARDS, CONTAINER_CHILDREN, ALERT_TEXT = 10, 10, 200
TABLE_ROWS, TABLE_CELLS = 100, 20
DATA_TABLE_ROWS, DATA_TABLE_COLUMNS, DATA_TABLE_TEXT = 201, 20, 20_000
CHART_TITLE, CHART_SERIES, CHART_POINTS = 50, 12, 20
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30
VIEW_TITLE, VIEW_METADATA = 24, 3_000
SUGGESTED_PROMPTS, LOADING_MESSAGES = 4, 10
HOOK_USES, HOOK_LIFE_S = 5, 30 * 60

FIELDS = {
    "section": "text fields accessory expand",
    "header": "text level",
    "divider": "",
    "context": "elements",
    "actions": "elements",
    "image": "image_url slack_file alt_text title",
    "rich_text": "elements",
    "markdown": "text",
    "context_actions": "elements",
    "card": "actions body hero_image icon subtitle title slack_icon subtext",
    "carousel": "elements",
    "container": "child_blocks default_collapsed has_header_divider icon is_collapsible rich_text_title subtitle title "
    "width",
    "alert": "level text",
    "table": "column_settings rows",
    "plan": "tasks title",
    "task_card": "details output sources status task_id title",
    "data_table": None,
    "data_visualization": None,
    "input": "dispatch_action element hint label optional",
    "button": "accessibility_label alt_text agent_prompt agent_prompt_display confirm style text url value "
    "visible_to_user_ids",
    "feedback_buttons": "positive_button negative_button alt_text",
    "icon_button": "accessibility_label alt_text confirm icon text value visible_to_user_ids",
    "checkboxes": "confirm focus_on_load initial_options options",
    "radio_buttons": "confirm focus_on_load initial_option options",
    "static_select": "confirm focus_on_load initial_option option_groups options placeholder",
    "overflow": "confirm options alt_text",
}
"""What a block or element may hold besides its type and id; None: anything."""

BLOCK_TYPES = frozenset(
    "section header divider context actions image rich_text markdown context_actions card carousel container alert "
    "table plan task_card data_table data_visualization input".split()
)
SELECTS = frozenset(
    f"{many}{what}_select"
    for many in ("", "multi_")
    for what in ("static", "external", "users", "conversations", "channels")
)
PICKERS = frozenset(["datepicker", "timepicker", "datetimepicker"])
INPUTS = frozenset("plain_text_input email_text_input url_text_input number_input rich_text_input file_input".split())
IN_ACTIONS = SELECTS | PICKERS | {"button", "checkboxes", "radio_buttons", "overflow", "workflow_button"}
IN_SECTION = IN_ACTIONS | {"image"}
IN_INPUT = (SELECTS | PICKERS | INPUTS | {"checkboxes", "radio_buttons"}) - {"overflow"}
STYLES = ("primary", "danger")


class Refused(Exception):
    """The answer `{"ok": false, "error": ...}`."""

    def __init__(self, error: str, messages: Iterable[str] = (), **more: Any) -> None:
        super().__init__(error)
        self.error, self.messages, self.more = error, list(messages), more


def check_message(text: str | None, blocks: Any) -> None:
    if blocks in (None, []) and not text:
        raise Refused("no_text")
    if text and len(text) > MESSAGE_TEXT:
        raise Refused("msg_too_long")
    if blocks is None:
        return
    if found := problems(blocks, MESSAGE_BLOCKS):
        raise Refused("invalid_blocks", found)
    if text_length(blocks) > ALL_BLOCKS_TEXT:
        raise Refused("msg_blocks_too_long")


def check_view(view: Any) -> None:
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        raise Refused("invalid_arguments", ["[ERROR] view must be a modal or a home [json-pointer:/view/type]"])
    found = problems(view.get("blocks"), VIEW_BLOCKS)
    check = _Check()
    if view["type"] == "modal":
        check.text(view.get("title"), "/view/title", VIEW_TITLE, plain=True)
    for key in ("submit", "close"):
        check.text(view.get(key), f"/view/{key}", VIEW_TITLE, plain=True, required=False)
    check.string(view.get("private_metadata"), "/view/private_metadata", VIEW_METADATA)
    check.string(view.get("callback_id"), "/view/callback_id", CALLBACK_ID)
    if found + check.problems:
        raise Refused("invalid_arguments", found + check.problems)


def text_length(value: Any) -> int:
    """Characters of every text in the blocks, labels of buttons included; ids, values and addresses are not counted."""
    if isinstance(value, dict):
        texts = value.get("text")
        own = len(texts) if isinstance(texts, str) else 0
        return own + sum(text_length(inner) for inner in value.values() if isinstance(inner, dict | list))
    return sum(text_length(inner) for inner in value) if isinstance(value, list) else 0


def problems(blocks: Any, most: int = MESSAGE_BLOCKS) -> list[str]:
    """Each in Slack's words, with its place."""
    if not isinstance(blocks, list):
        return ["[ERROR] must be an array [json-pointer:/blocks]"]
    check = _Check()
    check.at_most(blocks, most, "/blocks")
    for number, block in enumerate(blocks):
        check.block(block, f"/blocks/{number}")
    if check.markdown_length > MARKDOWN_TEXT:
        check.wrong(f"markdown blocks together must be no more than {MARKDOWN_TEXT} characters", "/blocks")
    return check.problems


class _Check:
    def __init__(self) -> None:
        self.problems: list[str] = []
        self.block_ids: set[str] = set()
        self.markdown_length = 0

    def wrong(self, what: str, at: str) -> None:
        self.problems.append(f"[ERROR] {what} [json-pointer:{at}]")

    def at_most(self, items: Any, most: int, at: str, least: int = 0) -> list[Any]:
        if not isinstance(items, list):
            self.wrong("must be an array", at)
            return []
        if len(items) > most:
            self.wrong(f"no more than {most} items allowed", at)
        if len(items) < least:
            self.wrong(f"no fewer than {least} items allowed", at)
        return items

    def string(self, value: Any, at: str, most: int, least: int = 0, required: bool = False) -> None:
        if value is None:
            if required:
                self.wrong("missing required field", at)
        elif not isinstance(value, str):
            self.wrong("must be a string", at)
        elif len(value) > most:
            self.wrong(f"must be no more than {most} characters", at)
        elif len(value) < least:
            self.wrong(f"must be more than {least - 1} characters", at)

    def text(self, obj: Any, at: str, most: int, *, plain: bool = False, required: bool = True) -> None:
        if obj is None:
            if required:
                self.wrong("missing required field: text", at)
            return
        if not isinstance(obj, dict) or obj.get("type") not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
            self.wrong(f"unsupported type: {obj.get('type') if isinstance(obj, dict) else obj!r}", at)
            return
        allowed = {"type", "text", "emoji"} if obj["type"] == "plain_text" else {"type", "text", "verbatim"}
        for key in obj.keys() - allowed:
            self.wrong(f"invalid additional property: {key}", at)
        self.string(obj.get("text"), f"{at}/text", most, least=1, required=True)

    def fields(self, obj: Payload, at: str, own_id: str) -> None:
        allowed = FIELDS.get(obj["type"])
        if allowed is not None:
            for key in obj.keys() - {"type", own_id, *allowed.split()}:
                self.wrong(f"invalid additional property: {key}", at)

    def block(self, block: Any, at: str) -> None:
        if not isinstance(block, dict) or block.get("type") not in BLOCK_TYPES:
            self.wrong(f"unsupported type: {block.get('type') if isinstance(block, dict) else block!r}", f"{at}/type")
            return
        self.fields(block, at, "block_id")
        self.string(block.get("block_id"), f"{at}/block_id", BLOCK_ID, least=1)
        if (block_id := block.get("block_id")) is not None:
            if block_id in self.block_ids:
                self.wrong(f"block_id {block_id} already exists", f"{at}/block_id")
            self.block_ids.add(block_id)
        if check := getattr(self, f"_{block['type']}", None):
            check(block, at)

    def elements(self, block: Payload, at: str, most: int, kinds: Iterable[str], key: str = "elements") -> None:
        used: set[str] = set()
        for number, element in enumerate(self.at_most(block.get(key), most, f"{at}/{key}", least=1)):
            here = f"{at}/{key}/{number}"
            self.element(element, here, kinds)
            action_id = element.get("action_id") if isinstance(element, dict) else None
            if action_id is not None and action_id in used:
                self.wrong(f"action_id {action_id} already exists in this block", f"{here}/action_id")
            used |= {action_id} if action_id else set()

    def element(self, element: Any, at: str, kinds: Iterable[str]) -> None:
        if not isinstance(element, dict) or element.get("type") not in set(kinds):
            self.wrong(f"unsupported type: {element.get('type') if isinstance(element, dict) else element!r}", at)
            return
        self.fields(element, at, "action_id")
        self.string(element.get("action_id"), f"{at}/action_id", ACTION_ID, least=1)
        self.text(element.get("placeholder"), f"{at}/placeholder", PLACEHOLDER, plain=True, required=False)
        if (confirm := element.get("confirm")) is not None:
            self.text(confirm.get("title"), f"{at}/confirm/title", CONFIRM_TITLE, plain=True)
            self.text(confirm.get("text"), f"{at}/confirm/text", CONFIRM_TEXT)
            self.text(confirm.get("confirm"), f"{at}/confirm/confirm", CONFIRM_BUTTON, plain=True)
            self.text(confirm.get("deny"), f"{at}/confirm/deny", CONFIRM_BUTTON, plain=True)
        match element["type"]:
            case "button":
                self.button(element, at)
                self.string(element.get("url"), f"{at}/url", BUTTON_URL)
                if element.get("style", "primary") not in STYLES:
                    self.wrong("must be primary or danger", f"{at}/style")
            case "icon_button":
                self.button(element, at)
                if element.get("icon") != "trash":
                    self.wrong("unsupported icon", f"{at}/icon")
            case "feedback_buttons":
                for side in ("positive_button", "negative_button"):
                    if not isinstance(button := element.get(side), dict):
                        self.wrong("missing required field", f"{at}/{side}")
                    else:
                        self.button(button, f"{at}/{side}", value_required=True)
            case "checkboxes" | "radio_buttons":
                self.options(element, at, CHECKBOXES)
            case "overflow":
                self.options(element, at, OVERFLOW_OPTIONS)
            case "static_select" | "multi_static_select":
                if "option_groups" not in element:
                    self.options(element, at, OPTIONS)
            case "image":
                self._image(element, at)
            case _:
                pass

    def button(self, button: Payload, at: str, value_required: bool = False) -> None:
        self.text(button.get("text"), f"{at}/text", BUTTON_TEXT, plain=True)
        self.string(button.get("value"), f"{at}/value", BUTTON_VALUE, required=value_required)
        self.string(button.get("accessibility_label"), f"{at}/accessibility_label", BUTTON_TEXT)

    def options(self, element: Payload, at: str, most: int) -> None:
        values: set[Any] = set()
        plain = element["type"] not in ("checkboxes", "radio_buttons")
        options = self.at_most(element.get("options"), most, f"{at}/options", least=1)
        for number, option in enumerate(options):
            here = f"{at}/options/{number}"
            self.text(option.get("text"), f"{here}/text", OPTION_TEXT, plain=plain)
            self.string(option.get("value"), f"{here}/value", OPTION_VALUE, required=True)
            self.text(option.get("description"), f"{here}/description", OPTION_DESCRIPTION, plain=plain, required=False)
            if option.get("value") in values:
                self.wrong(f"value {option.get('value')} is used twice", here)
            values.add(option.get("value"))
        for initial in [*element.get("initial_options", []), element.get("initial_option")]:
            if initial is not None and initial not in options:
                self.wrong("must be one of the options", f"{at}/initial_option")

    def _section(self, block: Payload, at: str) -> None:
        self.text(block.get("text"), f"{at}/text", SECTION_TEXT, required="fields" not in block)
        if "fields" in block:
            for number, field in enumerate(self.at_most(block["fields"], SECTION_FIELDS, f"{at}/fields", least=1)):
                self.text(field, f"{at}/fields/{number}", FIELD_TEXT)
        if "accessory" in block:
            self.element(block["accessory"], f"{at}/accessory", IN_SECTION)

    def _header(self, block: Payload, at: str) -> None:
        self.text(block.get("text"), f"{at}/text", HEADER_TEXT, plain=True)

    def _context(self, block: Payload, at: str) -> None:
        for number, element in enumerate(
            self.at_most(block.get("elements"), CONTEXT_ELEMENTS, f"{at}/elements", least=1)
        ):
            here = f"{at}/elements/{number}"
            if isinstance(element, dict) and element.get("type") == "image":
                self._image(element, here)
            else:
                self.text(element, here, SECTION_TEXT)

    def _actions(self, block: Payload, at: str) -> None:
        self.elements(block, at, ACTIONS_ELEMENTS, IN_ACTIONS)

    def _context_actions(self, block: Payload, at: str) -> None:
        self.elements(block, at, CONTEXT_ACTIONS_ELEMENTS, ("feedback_buttons", "icon_button"))

    def _image(self, block: Payload, at: str) -> None:
        if ("image_url" in block) == ("slack_file" in block):
            self.wrong("exactly one of image_url and slack_file is required", at)
        self.string(block.get("image_url"), f"{at}/image_url", IMAGE_URL, least=1)
        self.string(block.get("alt_text"), f"{at}/alt_text", ALT_TEXT, required=True)
        self.text(block.get("title"), f"{at}/title", IMAGE_TITLE, plain=True, required=False)

    def _rich_text(self, block: Payload, at: str) -> None:
        kinds = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
        for number, element in enumerate(self.at_most(block.get("elements"), 10_000, f"{at}/elements")):
            if not isinstance(element, dict) or element.get("type") not in kinds:
                self.wrong("unsupported type", f"{at}/elements/{number}")

    def _markdown(self, block: Payload, at: str) -> None:
        self.string(block.get("text"), f"{at}/text", MARKDOWN_TEXT, least=1, required=True)
        self.markdown_length += len(block["text"]) if isinstance(block.get("text"), str) else 0

    def _card(self, block: Payload, at: str) -> None:
        if not block.keys() & {"hero_image", "title", "actions", "body"}:
            self.wrong("one of hero_image, title, actions, body is required", at)
        self.text(block.get("title"), f"{at}/title", CARD_TITLE, required=False)
        self.text(block.get("subtitle"), f"{at}/subtitle", CARD_SUBTITLE, required=False)
        self.text(block.get("body"), f"{at}/body", CARD_BODY, required=False)
        if "actions" in block:
            self.elements(block, at, CARD_ACTIONS, ("button",), key="actions")

    def _carousel(self, block: Payload, at: str) -> None:
        for number, card in enumerate(self.at_most(block.get("elements"), CAROUSEL_CARDS, f"{at}/elements", least=1)):
            here = f"{at}/elements/{number}"
            if not isinstance(card, dict) or card.get("type") != "card":
                self.wrong("must be a card", here)
            else:
                self.block(card, here)

    def _container(self, block: Payload, at: str) -> None:
        if "rich_text_title" not in block:
            self.text(block.get("title"), f"{at}/title", CARD_TITLE)
        self.text(block.get("subtitle"), f"{at}/subtitle", CARD_SUBTITLE, required=False)
        children = self.at_most(block.get("child_blocks"), CONTAINER_CHILDREN, f"{at}/child_blocks", least=1)
        for number, child in enumerate(children):
            self.block(child, f"{at}/child_blocks/{number}")

    def _alert(self, block: Payload, at: str) -> None:
        self.text(block.get("text"), f"{at}/text", ALERT_TEXT)
        if block.get("level", "default") not in ("default", "info", "warning", "error", "success"):
            self.wrong("unsupported level", f"{at}/level")

    def _table(self, block: Payload, at: str) -> None:
        for number, row in enumerate(self.at_most(block.get("rows"), TABLE_ROWS, f"{at}/rows", least=1)):
            for place, cell in enumerate(self.at_most(row, TABLE_CELLS, f"{at}/rows/{number}")):
                if not isinstance(cell, dict) or cell.get("type") not in ("raw_text", "raw_number", "rich_text"):
                    self.wrong("unsupported type", f"{at}/rows/{number}/{place}")

    def _data_table(self, block: Payload, at: str) -> None:
        for number, row in enumerate(self.at_most(block.get("rows", []), DATA_TABLE_ROWS, f"{at}/rows")):
            self.at_most(row, DATA_TABLE_COLUMNS, f"{at}/rows/{number}")
        if text_length(block) > DATA_TABLE_TEXT:
            self.wrong(f"must be no more than {DATA_TABLE_TEXT} characters", at)

    def _data_visualization(self, block: Payload, at: str) -> None:
        if isinstance(title := block.get("title"), str):
            self.string(title, f"{at}/title", CHART_TITLE)
        series = self.at_most(
            block.get("series", block.get("chart", {}).get("series", [])), CHART_SERIES, f"{at}/series"
        )
        for number, one in enumerate(series):
            self.at_most(one.get("data", one.get("points", [])), CHART_POINTS, f"{at}/series/{number}")

    def _input(self, block: Payload, at: str) -> None:
        self.text(block.get("label"), f"{at}/label", INPUT_LABEL, plain=True)
        self.text(block.get("hint"), f"{at}/hint", INPUT_HINT, plain=True, required=False)
        self.element(block.get("element"), f"{at}/element", IN_INPUT)
