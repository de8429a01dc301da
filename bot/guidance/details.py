"""Questions about an answer ("what does that cost?") -> what its barrier's record says."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from bot.guidance.composer import effort, evidence, fresh_tools
from bot.guidance.outline import source_title
from bot.knowledge import Barrier, Knowledge

Facet = Literal["cost", "time", "who", "why", "tools", "evidence", "done", "next", "first"]

NO_TOOLS = "I have no tools on record for it; it starts with a step, not with a product."
MOST_WORDS = 12
"""A longer question says something of its own."""
_POINTING = r"(?:that|this|it|those|these|the\s+(?:first\s+)?steps?|your\s+(?:advice|answer)|them)"
_ASKS: dict[Facet, tuple[str, ...]] = {
    "cost": (
        r"(?:what|how\s+much)\b.*\b(?:cost|costs|budget|money|effort)\b",
        rf"how\s+expensive\b|is\s+{_POINTING}\s+expensive\b",
    ),
    "time": (
        r"how\s+(?:long|fast|quickly|soon)\b|how\s+much\s+time\b",
        r"when\s+(?:will|would|can|could)\s+(?:that|this|it|we)\b",
    ),
    "who": (
        r"who\s+(?:should|would|could|can|must|does|do|will|needs|has\s+to|is\s+(?:to|supposed))\b",
        r"whose\s+job\b|which\s+(?:role|person|team)\s+(?:should|would|could|can|does|do)\b",
    ),
    "tools": (
        r"(?:which|what)\s+(?:tools?|products?|software|stack|platform)\b",
        r"(?:any|recommend\w*)\b.*\btools?\b|tools?$",
    ),
    "evidence": (
        r"(?:what|which|where)\b.*\b(?:sources?|evidence|proof|study|studies|papers?|references?)\b|says\s+who",
        r"(?:any|do\s+you\s+have)\b.*\b(?:sources?|evidence|proof|references?)\b",
        r"does\s+(?:that|this|it)\s+work|how\s+do\s+you\s+know",
    ),
    "done": (
        r"how\s+(?:do|will|would|can)\s+(?:we|i)\s+(?:know|tell|see|notice|measure)\b",
        r"when\s+(?:is|are)\s+(?:it|that|this|we)\s+(?:fixed|done|solved)|what\s+does\s+good\s+look\s+like",
    ),
    "next": (
        r"(?:then|after\s+that|afterwards)$",
        r"what(?:'s|\s+is|\s+comes)?\s+(?:next|then|after\s+(?:that|this))\b",
    ),
    "first": (
        r"where\s+(?:do|should|would|can)\s+(?:we|i)\s+(?:start|begin)|what\s+(?:to\s+do\s+)?first",
        r"what\s+should\s+(?:we|i)\s+do\s+first",
    ),
    "why": (
        rf"why$|why\s+{_POINTING}|why\s+(?:is|do|does|would|so)\s+(?:that|this|it|you)\b",
        r"how\s+come|what\s+makes\s+you\s+(?:think|say)|what\s+causes\b",
    ),
}
_FILLER = r"\W*(?:(?:and|but|ok|okay|so|well|hm+)\b[\s,]*)*"
_ASKED: dict[Facet, re.Pattern[str]] = {
    facet: re.compile(f"{_FILLER}(?:{'|'.join(asks)})", re.IGNORECASE) for facet, asks in _ASKS.items()
}


def asks_about(text: str) -> Facet | None:
    """Tell which part of an answer a short question asks for; None where it says something of its own."""
    if len(text.split()) > MOST_WORDS or "\n" in text.strip():
        return None
    asked = text.strip().rstrip("?!. ")
    return next((facet for facet, pattern in _ASKED.items() if pattern.match(asked)), None)


def detail(facet: Facet, barrier: Barrier, knowledge: Knowledge, today: date) -> str:
    """Tell what the record says of it, in a few sentences."""
    first_step = barrier.steps("this-week")[0]
    match facet:
        case "cost":
            said = f"I know no price. The first step takes {effort(barrier)}: {first_step}"
        case "time":
            said = f"The first step takes {effort(barrier)}. It is fixed when: {barrier.fixed_when}"
        case "who":
            said = (
                f"The first step takes {effort(barrier)}. To find out who, ask the team: {barrier.editorial.ask_back}"
            )
        case "tools":
            tools = fresh_tools(barrier, today)
            said = f"Tools that others use for it: {tools}" if tools else NO_TOOLS
        case "evidence":
            titles = "; ".join(source_title(knowledge.source_by_id[id]) for id in barrier.sources)
            said = f"{evidence(barrier)} Sources: {titles}."
        case "done":
            said = f"It is fixed when: {barrier.fixed_when} What you aim for: {barrier.good_looks_like}"
        case "next":
            said = "\n".join(["Next quarter:", *(f"• {step}" for step in barrier.steps("next-quarter"))])
        case "first":
            said = f"This week: {first_step} You then have: {barrier.editorial.deliverable}"
        case "why":
            from_others = (f"{knowledge.barrier_by_id[cause.id].name} ({cause.why})" for cause in barrier.caused_by)
            said = f"{barrier.summary} It usually comes from: {'; '.join((*barrier.root_causes, *from_others))}."
    return f"{barrier.name}. {said}"
