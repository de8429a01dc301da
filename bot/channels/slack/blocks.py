"""What a turn shows -> Block Kit and its plain-text twin. Pure: no clock, no network, no settings.

All words stand in `text` elements of `rich_text` or in `plain_text` objects: Slack reads no markup in either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    CheckboxesElement,
    ContextActionsBlock,
    ContextBlock,
    FeedbackButtonObject,
    FeedbackButtonsElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    RichTextBlock,
    RichTextElement,
    RichTextElementParts,
    RichTextListElement,
    RichTextPreformattedElement,
    RichTextSectionElement,
    SectionBlock,
    StaticSelectElement,
)

from bot.channels.slack.limits import (
    BLOCKS,
    BUTTON_CHARACTERS,
    FALLBACK_CHARACTERS,
    MESSAGE_CHARACTERS,
    OPTION_CHARACTERS,
)
from bot.channels.slack.markup import escape, inert
from bot.channels.slack.words import COMMAND
from bot.conversations.commands import how_to_hear_less
from bot.conversations.dialogue import SOMETHING_ELSE
from bot.conversations.message_view import Failed, IndexChange, MessageView, Notice, Withdrawn
from bot.guidance import Guidance, Listed
from bot.guidance.declined import Declined
from bot.guidance.outline import (
    DOCUMENTS_HEADING,
    RATHER,
    Outline,
    Row,
    document_title,
    options,
    outline,
    source_title,
    without_quotes,
)
from bot.knowledge import Source
from bot.refresh.figure import REASON_CHARACTERS
from bot.retrieval.documents import OwnDocument
from bot.triage import AskedQuestion

CHOOSE, MORE, LESS = "triage_choose", "triage_more", "triage_less"
PICK, RATHER_MENU, NONE, BACK = "triage_pick", "triage_rather", "triage_none", "triage_back"
TRY_THIS, SHARE, WITH_QUOTES, FEEDBACK = "triage_try_this", "triage_share", "triage_with_quotes", "triage_feedback"
TELL_ME, TELL_ME_LABEL = "triage_tell_me", "Tell me when you know more"
PROMOTE, DISCARD, REASON = "triage_promote", "triage_discard", "triage_reason"
HELPFUL, NOT_HELPFUL = "helpful", "not-helpful"
NOTHING_CHOSEN = "none"
"""The value's argument for "something else"."""
REPEATED = "(repeated after a restart)"
WITHDRAWN = "The question was deleted, and what I had stored of it with it."
BULLET = "• "
CUT = " …"
NEWLINE = "\n"
PREFORMATTED_CHARACTERS = 2800
THIS_ONE, NONE_OF_THESE = "This one", "None of these"

Text, Style, Person = RichTextElementParts.Text, RichTextElementParts.TextStyle, RichTextElementParts.User
Drawn = dict[str, object]
"""A block as Slack is sent it."""
_PERSON = re.compile(r"[UW][A-Z0-9]{1,30}")
_ADDRESS = re.compile(r"https?://\S+$")
"""Some sources have none yet: Slack refuses a link that is no address, and the whole message with it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` says all that matters by itself: notifications, screen readers, and when Slack refuses the blocks."""

    payload: list[Drawn]
    text: str


def render(view: MessageView, *, buttons: bool = True, opening: str | None = None) -> Rendered:
    """Draw one turn's message, within Slack's limits. `buttons` are left out where they could not work."""
    lines, blocks = _body(view)
    if opening:
        lines, blocks = [opening, *lines], [_rich(_section(Text(text=opening))), *blocks]
    actions = list(_actions(view)) if buttons else []
    notes = list(_notes(view))
    body, below, small = ([_drawn(block) for block in each] for each in (blocks, actions, notes))
    text = _fallback(lines, [_plain(block) for block in small])
    return Rendered([*_within(body, BLOCKS - len(below) - len(small)), *below, *small], text)


def _body(view: MessageView) -> tuple[list[str], list[Block]]:
    match view.body:
        case Guidance() as guidance:
            content = outline(guidance, more=view.more)
            content = content if view.with_quotes else without_quotes(content)
            sources, documents = (guidance.sources, guidance.documents) if view.more else ((), ())
            return _lines(content, sources, documents), list(_guidance(content, sources, documents))
        case Listed() as listed:
            return _list(listed, view)
        case AskedQuestion(ask=ask) as question:
            choices = [f"{BULLET}{choice.label}" for choice in question.choices]
            return [ask, *choices, f"{BULLET}{SOMETHING_ELSE}"], [_rich(_section(_bold(ask)))]
        case Declined(lines=lines):
            return [inert(line) for line in lines], [
                _rich(*(_section(Text(text=inert(f"{line}\n"))) for line in lines))
            ]
        case Notice(about=about, text=text):
            text = f"{text} {how_to_hear_less(COMMAND)}" if about == "stop" else text
            return [inert(text)], [_rich(_section(Text(text=inert(text))))]
        case Failed(reference=reference):
            said = f"I could not answer that: something failed on my side (reference {reference}). Please ask again."
            return [said], [_rich(_section(Text(text=said)))]
        case IndexChange() as change:
            return _index_change(change)
        case Withdrawn():
            return [WITHDRAWN], [_rich(_section(Text(text=WITHDRAWN, style=Style(italic=True))))]


def _index_change(change: IndexChange) -> tuple[list[str], list[Block]]:
    """Draw how a refresh goes: what differs and the figures in columns, whose answers change as a list."""
    table = [("measure", f"index {change.base}", f"index {change.number}", "n"), *(row.row for row in change.figures)]
    wide = max(len(name) for name, *_ in table)
    columns = [f"{name:<{wide}}  {before:>8}  {after:>8}  {n:>4}" for name, before, after, n in table]
    columns = columns if change.figures else []
    parts = [_joined(lines) for lines in (change.lines, columns, change.changed) if lines]
    blocks: list[Block] = [
        _rich(_section(_bold(inert(change.headline)))),
        *(_rich(RichTextPreformattedElement(elements=[Text(text=inert(part))])) for part in parts),
    ]
    return [inert(line) for line in (change.headline, *change.lines, *columns, *change.changed)], blocks


def _joined(lines: Sequence[str]) -> str:
    """Join as many as one block takes."""
    text = "\n".join(lines)
    if len(text) <= PREFORMATTED_CHARACTERS:
        return text
    return f"{text[:PREFORMATTED_CHARACTERS].rpartition(NEWLINE)[0]}{CUT}"


def _guidance(content: Outline, sources: Sequence[Source], documents: Sequence[OwnDocument]) -> Iterator[Block]:
    if content.notes:
        yield _rich(_section(*(Text(text=note, style=Style(italic=True)) for note in content.notes)))
    yield _rich(_section(_bold(content.headline), Text(text=f"  {content.sureness}")))
    yield _small(content.place)
    yield _rich(*_rows(content.advice))
    if content.provenance:
        yield _small(*(f"{row.label}: {row.whole}" for row in content.provenance))
    if sources:
        yield _rich(_section(_bold("Sources")), RichTextListElement(style="bullet", elements=[*map(_source, sources)]))
    if documents:
        listed = RichTextListElement(style="bullet", elements=[*map(_document, documents)])
        yield _rich(_section(_bold(DOCUMENTS_HEADING)), listed)


def _rows(rows: Iterable[Row]) -> Iterator[RichTextElement]:
    """Labels bold, bullets as one list, the asker's own words in italics."""
    bullets: list[RichTextElement] = []
    for row in rows:
        is_bullet = row.text.startswith(BULLET)
        if bullets and (row.label or not is_bullet):
            yield RichTextListElement(style="bullet", elements=bullets)
            bullets = []
        if not is_bullet:
            said = [Text(text=f" {inert(row.quote)}", style=Style(italic=True))] if row.quote else []
            label = [_bold(f"{row.label}  ")] if row.label else []
            yield _section(*label, Text(text=row.text), *said, Text(text="\n"))
            continue
        if row.label:
            yield _section(_bold(row.label))
        bullets.append(_section(Text(text=row.text.removeprefix(BULLET))))
    if bullets:
        yield RichTextListElement(style="bullet", elements=bullets)


def _actions(view: MessageView) -> Iterator[Block]:
    match view.body:
        case Listed() if not view.closed:
            tell_me = [] if view.private else [_button(TELL_ME, TELL_ME_LABEL, view.turn)]
            yield ActionsBlock(elements=[_button(NONE, SOMETHING_ELSE, view.turn), *tell_me])
        case Declined(offer=str()) if not view.private:
            yield ActionsBlock(elements=[_button(TELL_ME, TELL_ME_LABEL, view.turn)])
        case AskedQuestion(choices=choices) if not view.closed:
            labels = [(str(place), choice.label) for place, choice in enumerate(choices)]
            yield ActionsBlock(
                elements=[
                    _button(f"{CHOOSE}_{place}", label, view.turn, place)
                    for place, label in [*labels, (NOTHING_CHOSEN, SOMETHING_ELSE)]
                ]
            )
        case Guidance() as guidance:
            fold = _button(LESS, "Less", view.turn) if view.more else _button(MORE, "More", view.turn)
            back = [_button(BACK, "Back", view.turn)] if view.tapped else []
            yield ActionsBlock(elements=[_button(TRY_THIS, "We'll try this", view.turn), fold, *back])
            if not view.shared_by:
                yield from _rather(guidance, view.turn)
            if view.private:
                yield ActionsBlock(elements=[_own_words(), _button(SHARE, "Share with the channel", view.turn)])
            yield ContextActionsBlock(elements=[_feedback(view.turn)])
        case IndexChange(number=int(number), offers="promotion"):
            yield ActionsBlock(elements=_decisions("Promote", view.turn, number))
        case IndexChange(number=int(number), offers="override"):
            reason = PlainTextInputElement(action_id=REASON, max_length=REASON_CHARACTERS)
            yield InputBlock(label="Why it is to serve all the same (kept in the history)", element=reason)
            yield ActionsBlock(elements=_decisions("Promote all the same", view.turn, number))
        case _:
            return


def _decisions(promote: str, turn: str, number: int) -> list[ButtonElement]:
    return [_button(PROMOTE, promote, turn, str(number)), _button(DISCARD, "Discard", turn, str(number))]


def _rather(guidance: Guidance, turn: str) -> Iterator[Block]:
    """Tell what else it could be: behind a menu beside an answer that is sure, as buttons where it is less so."""
    none = _button(NONE, NONE_OF_THESE, turn)
    if not guidance.others:
        yield ActionsBlock(elements=[none])
    elif guidance.sureness == "fairly sure":
        buttons = [_button(f"{PICK}_{other.id}", other.name, turn, other.id) for other in guidance.others]
        yield _small(RATHER)
        yield ActionsBlock(elements=[*buttons, none])
    else:
        menu = StaticSelectElement(
            action_id=RATHER_MENU,
            placeholder=PlainTextObject(text=RATHER, emoji=False),
            options=[
                Option(
                    value=f"{turn}|{other.id}",
                    label=None,
                    text=_cut(other.name, OPTION_CHARACTERS),
                    description=_cut(other.one_line, OPTION_CHARACTERS),
                )
                for other in guidance.others
            ],
        )
        yield ActionsBlock(elements=[menu, none])


def _list(listed: Listed, view: MessageView) -> tuple[list[str], list[Block]]:
    """Draw each barrier in a line with its button beside it."""
    rows = options(listed, with_quotes=view.with_quotes)
    lines = [listed.ask, *(f"{row.label}. {_said(row)}" for row in rows)]
    notes = [listed.language_note] if listed.language_note else []
    blocks: list[Block] = [_rich(_section(*(Text(text=f"{note}\n") for note in notes), _bold(listed.ask)))]
    for row, barrier in zip(rows, listed.barriers, strict=True):
        button = None if view.closed else _button(f"{PICK}_{barrier.id}", THIS_ONE, view.turn, barrier.id)
        said = f"{row.text}\n{inert(row.quote)}" if row.quote else row.text
        blocks.append(SectionBlock(text=PlainTextObject(text=said, emoji=False), accessory=button))
    return [*notes, *lines], blocks


def _notes(view: MessageView) -> Iterator[Block]:
    people = [person for person in view.tried_by if _PERSON.fullmatch(person)]
    if people:
        tried = [part for person in people for part in (Person(user_id=person), Text(text=", "))]
        yield _rich(_section(Text(text="✅ Being tried by "), *tried[:-1]))
    if view.messages > 1 and not isinstance(view.body, Withdrawn):
        yield _small(f"To your {view.messages} messages.")
    if view.shared_by and _PERSON.fullmatch(view.shared_by):
        yield _rich(_section(Text(text="Asked privately and shared by "), Person(user_id=view.shared_by)))
    if view.repeated:
        yield _small(REPEATED)


def _lines(content: Outline, sources: Sequence[Source], documents: Sequence[OwnDocument]) -> list[str]:
    opening = [*content.notes, f"{content.headline} {content.sureness}", content.place]
    rows = [f"{row.label}: {_said(row)}" if row.label else _said(row) for row in content.rows]
    titles = [*map(source_title, sources), *(inert(document_title(document)) for document in documents)]
    return [*opening, *rows, *(f"{BULLET}{title}" for title in titles)]


def _said(row: Row) -> str:
    return row.text if row.quote is None else f"{row.text} {inert(row.quote)}"


def _fallback(lines: Sequence[str], notes: Sequence[str]) -> str:
    """Cut first, then escaped: a cut must not leave half an escape behind. `notes` are escaped and stay whole."""
    text, end = "\n".join(lines), "".join(f"\n{note}" for note in notes)
    room = FALLBACK_CHARACTERS - len(end)
    while len(escaped := escape(text)) > room:
        text = text.removesuffix(CUT)[: room - len(escaped)].rstrip() + CUT
    return escaped + end


def _plain(block: Drawn) -> str:
    """Write a note as text, people by their ids in Slack's own markup: these are ours, and checked."""
    return "".join(f"<@{said}>" if kind == "person" else escape(said) for kind, said in _said_in(block))


def _drawn(block: Block) -> Drawn:
    """Write it as JSON; its own class refuses what is beyond its limits."""
    return cast(Drawn, block.to_dict())  # pyright: ignore[reportUnknownMemberType] - slack_sdk has no types here


def _within(blocks: Sequence[Drawn], most: int) -> list[Drawn]:
    """Keep as many blocks as Slack takes, by number and by characters."""
    kept: list[Drawn] = []
    characters = 0
    for block in blocks[:most]:
        characters += sum(map(len, _texts_of(block)))
        if characters > MESSAGE_CHARACTERS:
            break
        kept.append(block)
    return kept


def _texts_of(block: Drawn) -> Iterator[str]:
    return (said for kind, said in _said_in(block) if kind == "text")


def _said_in(part: object) -> Iterator[tuple[Literal["text", "person"], str]]:
    """Yield the words of a block and the ids of the people in it, in reading order."""
    if isinstance(part, dict):
        known = cast(dict[str, object], part)
        if known.get("type") == "user":
            yield "person", str(known["user_id"])
            return
        for key, value in known.items():
            if key == "text" and isinstance(value, str):
                yield "text", value
            else:
                yield from _said_in(value)
    elif isinstance(part, list):
        for value in cast(list[object], part):
            yield from _said_in(value)


def _rich(*elements: RichTextElement) -> RichTextBlock:
    return RichTextBlock(elements=list(elements))


def _section(*parts: RichTextElement) -> RichTextSectionElement:
    return RichTextSectionElement(elements=list(parts))


def _bold(text: str) -> RichTextElement:
    return Text(text=text, style=Style(bold=True))


def _small(*lines: str) -> ContextBlock:
    return ContextBlock(elements=[PlainTextObject(text=line, emoji=False) for line in lines])


def _source(source: Source) -> RichTextSectionElement:
    """By its title, which links to it where there is an address."""
    return _linked(source_title(source), source.url)


def _document(document: OwnDocument) -> RichTextSectionElement:
    """By its title, which may say anything, and links to where an admin said that it can be opened."""
    return _linked(inert(document_title(document)), document.link or "")


def _linked(title: str, url: str) -> RichTextSectionElement:
    if _ADDRESS.match(url):
        return _section(RichTextElementParts.Link(url=url, text=title))
    return _section(Text(text=title))


def _cut(text: str, most: int) -> PlainTextObject:
    return PlainTextObject(text=text if len(text) <= most else f"{text[: most - 1].rstrip()}…", emoji=False)


def _button(action: str, label: str, turn: str, argument: str = "") -> ButtonElement:
    return ButtonElement(
        action_id=action,
        text=_cut(label, BUTTON_CHARACTERS),
        value=f"{turn}|{argument}" if argument else turn,
    )


def _own_words() -> CheckboxesElement:
    option = Option(value="yes", label=None, text=PlainTextObject(text="with the words of mine that it quotes"))
    return CheckboxesElement(action_id=WITH_QUOTES, options=[option])


def _feedback(turn: str) -> FeedbackButtonsElement:
    return FeedbackButtonsElement(
        action_id=FEEDBACK,
        positive_button=FeedbackButtonObject(text="Helpful", value=f"{turn}|{HELPFUL}"),
        negative_button=FeedbackButtonObject(text="Not helpful", value=f"{turn}|{NOT_HELPFUL}"),
    )
