"""What the knowledge base is made of. Each class is a shape that a file in `knowledge/` must have.

Files are refused for an unknown key, so a typing mistake never hides a sentence. What one record cannot know
of itself (that a source exists, that a link has two ends) is in `checks.py`.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
BarrierId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,7}-\d{2,3}$")]
SourceId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,8}\d{2,3}$")]
PlayId = Annotated[str, StringConstraints(pattern=r"^PLAY-\d{2}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]

Provenance = Literal["study-code", "related", "extension", "organisation"]
DimensionId = Literal["organisational", "technical", "operational", "business"]
Horizon = Literal["this-week", "next-quarter"]
BarrierGrade = Literal["strong", "moderate", "thin"]
RemedyGrade = Literal["measured", "reported", "reasoned"]


class Record(BaseModel):
    """Strict and frozen: an unknown key is an error, a loaded record never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dimension(Record):
    """One of the study's four third-level codes; `name` is spelt as the study spells it."""

    id: DimensionId
    name: Text


class Theme(Record):
    """One of the study's eleven second-level codes, with our reading of it."""

    id: Slug
    name: Text
    dimension: DimensionId
    study_codes: Annotated[tuple[Text, ...], Field(min_length=1)]
    reading: Text = Field(description="ours: choose this theme when the trouble is …")
    plain: Text = Field(description="ours: the theme as a choice in a question, in everyday words")
    nearest_for: tuple[Text, ...] = Field(default=(), description="ours: troubles without a study code of their own")


class Themes(Record):
    """`themes.yaml`."""

    dimensions: tuple[Dimension, ...]
    themes: tuple[Theme, ...]
    border_rules: tuple[Text, ...] = Field(description="ours: which theme when two would do")


class Source(Record):
    """A publication or page that statements rest on."""

    id: SourceId
    authors: Text
    year: Text
    title: Text
    venue: Text
    url: Text = Field(description="a DOI or address, or 'no DOI found' and the like")
    evidence_for: Text
    status: Text = Field(description="how it was verified, and what was not")


class Sources(Record):
    """`sources.yaml`."""

    sources: tuple[Source, ...]


class Effort(Record):
    """What the first step takes: how long, and how many people."""

    first_step: Literal["hours", "days", "weeks"]
    people: int = Field(ge=1, le=20)


class Editorial(Record):
    """Our own judgement about a barrier; no source stands behind it."""

    one_line: Text
    title_question: Text
    ask_back: Text
    deliverable: Text
    effort: Effort
    not_yet_when: Text | None = None


class Recommendation(Record):
    """One step. The barrier's remedy grade and sources stand for it."""

    horizon: Horizon
    text: Text


class Evidence(Record):
    """How well it is known that the barrier exists, and that its remedy helps."""

    barrier: BarrierGrade
    remedy: RemedyGrade
    remedy_note: Text | None = None


class Tools(Record):
    """Product names, which age: shown for a year after they were checked."""

    checked_on: date
    names: Text


class Cause(Record):
    """Another barrier that brings this one about. `loop` names a link that closes a vicious circle."""

    id: BarrierId
    why: Text
    loop: bool = False


class Barrier(Record):
    """One thing that holds adoption back: `barriers/<id>.yaml`."""

    id: BarrierId = Field(description="never reused, never renamed")
    name: Text
    summary: Text
    theme: Slug
    provenance: Provenance = Field(
        description="study-code: a code names it; related: a code plausibly covers it; extension: ours alone; "
        "organisation: an organisation's own, in its overlay"
    )
    study_codes: tuple[Text, ...] = ()
    devops: Literal["shared", "shared-harder-with-ml", "mlops-only"] = Field(description="our judgement")
    era: Literal["general", "llm"]
    editorial: Editorial = Field(description="our judgement")
    root_causes: Annotated[tuple[Text, ...], Field(min_length=1)]
    symptoms: Annotated[tuple[Text, ...], Field(min_length=7, description="sentences such as a team would write")]
    recommendations: Annotated[tuple[Recommendation, ...], Field(min_length=2)]
    good_looks_like: Text
    fixed_when: Text = Field(description="a check that can fail")
    evidence: Evidence
    tools: Tools | None = None
    caused_by: tuple[Cause, ...] = ()
    leads_to: tuple[BarrierId, ...] = ()
    confusable_with: tuple[BarrierId, ...] = ()
    sources: Annotated[tuple[SourceId, ...], Field(description="at least one, unless it is an organisation's own")] = ()

    def steps(self, horizon: Horizon) -> tuple[str, ...]:
        """Return the texts of the recommendations for one horizon, in the file's order."""
        return tuple(r.text for r in self.recommendations if r.horizon == horizon)


LABEL_CHARACTERS = 75
"""Of a choice: what fits on a button."""


class Choice(Record):
    """One answer to a question, and the barriers that it speaks for."""

    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LABEL_CHARACTERS)]
    barriers: Annotated[tuple[BarrierId, ...], Field(min_length=1)]


class Question(Record):
    """A question that tells barriers apart; `sounds_like` is a message that makes one ask it."""

    id: Slug
    kind: Literal["confusable", "ambiguous"]
    sounds_like: Text
    ask: Text
    choices: Annotated[tuple[Choice, ...], Field(min_length=2, max_length=4)]


class Questions(Record):
    """`questions.yaml`."""

    questions: tuple[Question, ...]


class ScopeReply(Record):
    """What to say to a message that is not ours, and where it belongs."""

    id: Slug
    kind: Literal["near", "far", "about"]
    sounds_like: Annotated[tuple[Text, ...], Field(min_length=1)]
    reply: Text
    belongs: Text | None = Field(default=None, description="where such a question is answered")
    barriers: tuple[BarrierId, ...] = Field(default=(), description="what we can help with instead")


class Scope(Record):
    """`scope.yaml`. `defaults` holds the reply of each kind that is given when none sounds alike."""

    replies: tuple[ScopeReply, ...]
    defaults: dict[Literal["near", "far", "about"], Slug]


class Play(Record):
    """Something a team does together in an afternoon."""

    id: PlayId
    theme: Slug
    title: Text
    why: Text
    do: Annotated[tuple[Text, ...], Field(min_length=2)]
    minutes: int = Field(ge=15, le=480)
    who: Text
    done_when: Text
    barriers: Annotated[tuple[BarrierId, ...], Field(min_length=1)]


class Plays(Record):
    """`plays.yaml`."""

    plays: tuple[Play, ...]


class BannedClaim(Record):
    """A statement in circulation that we never make. `patterns` are regular expressions that find it."""

    often_said: Text
    problem: Text
    say_instead: Text
    patterns: Annotated[tuple[Text, ...], Field(min_length=1)]


class BannedClaims(Record):
    """`banned_claims.yaml`."""

    claims: tuple[BannedClaim, ...]


class SwitchedOff(Record):
    """`switched_off.yaml` of an overlay: the project's barriers that do not hold there."""

    barriers: tuple[BarrierId, ...]


class Knowledge(Record):
    """The whole knowledge base, read and checked. The labelled messages to learn from are not part of it."""

    dimensions: tuple[Dimension, ...]
    themes: tuple[Theme, ...]
    border_rules: tuple[str, ...]
    barriers: tuple[Barrier, ...]
    sources: tuple[Source, ...]
    questions: tuple[Question, ...]
    scope: Scope
    plays: tuple[Play, ...]
    banned_claims: tuple[BannedClaim, ...]

    @cached_property
    def barrier_by_id(self) -> dict[str, Barrier]:
        return {barrier.id: barrier for barrier in self.barriers}

    @cached_property
    def theme_by_id(self) -> dict[str, Theme]:
        return {theme.id: theme for theme in self.themes}

    @cached_property
    def dimension_by_id(self) -> dict[str, Dimension]:
        return {dimension.id: dimension for dimension in self.dimensions}

    @cached_property
    def source_by_id(self) -> dict[str, Source]:
        return {source.id: source for source in self.sources}

    def theme_of(self, barrier_id: str) -> Theme:
        return self.theme_by_id[self.barrier_by_id[barrier_id].theme]
