"""A knowledge folder small enough to read in a moment: one barrier a theme, with that theme's codes.

ORG-01 brings about TEC-01, that OPS-01, and that ORG-01 again (a loop, named). ORG-01 and ORG-02 look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shutil import copy

import yaml

from bot.knowledge import packaged_knowledge, read_knowledge
from bot.knowledge.new import PREFIXES

TODAY = date(2026, 11, 23)

BARRIER = """\
id: {id}
name: Trouble {id}
summary: Something holds {id} back.
theme: {theme}
provenance: study-code
study_codes: {codes}
devops: shared
era: general
editorial:
  one_line: It hurts.
  title_question: How do we mend it?
  ask_back: How often does it hurt?
  deliverable: A list.
  effort: {{first_step: days, people: 3}}
root_causes:
  - nobody looked
symptoms:
  - {id} hurts on mondays
  - {id} hurts on tuesdays
  - {id} hurts on wednesdays
  - {id} hurts on thursdays
  - {id} hurts on fridays
  - {id} hurts on saturdays
  - {id} hurts on sundays
recommendations:
  - horizon: this-week
    text: Look at it.
  - horizon: next-quarter
    text: Mend it.
good_looks_like: It no longer hurts.
fixed_when: Nobody complains in a month.
evidence:
  barrier: moderate
  remedy: reported
tools:
  checked_on: 2026-11-01
  names: A hammer
sources: [R01, R03]
"""

LINKS = {
    "ORG-01": "caused_by:\n  - {id: OPS-01, why: it comes back, loop: true}\nleads_to: [TEC-01]\n"
    "confusable_with: [ORG-02]\n",
    "ORG-02": "confusable_with: [ORG-01]\n",
    "TEC-01": "caused_by:\n  - {id: ORG-01, why: so it goes}\nleads_to: [OPS-01]\n",
    "OPS-01": "caused_by:\n  - {id: TEC-01, why: so it goes}\nleads_to: [ORG-01]\n",
}

SOURCE = """\
  - id: {id}
    authors: A. Author
    year: '2020'
    title: A title
    venue: A venue
    url: no DOI found
    evidence_for: that it is so
    status: VERIFIED
"""

FILES = {
    "sources.yaml": "sources:\n" + "".join(SOURCE.format(id=id) for id in ("R01", "R02", "R03")),
    "questions.yaml": """\
questions:
  - id: which-trouble
    kind: confusable
    sounds_like: it hurts
    ask: Where does it hurt?
    choices:
      - label: Here
        barriers: [ORG-01]
      - label: There
        barriers: [ORG-02]
""",
    "scope.yaml": """\
replies:
  - id: near-one
    kind: near
    sounds_like: [a stack trace]
    reply: I do not debug.
    barriers: [ORG-01]
  - id: far-one
    kind: far
    sounds_like: [a pizza]
    reply: Not mine.
  - id: about-one
    kind: about
    sounds_like: [who are you]
    reply: My themes are those of the study by Kolar Narayanappa and Amrit.
defaults:
  near: near-one
  far: far-one
  about: about-one
""",
    "plays.yaml": """\
plays:
  - id: PLAY-01
    theme: slow-processes
    title: A play
    why: It helps.
    do: [sit down, stand up]
    minutes: 60
    who: everybody
    done_when: All stood up.
    barriers: [ORG-01, ORG-02]
""",
    "banned_claims.yaml": """\
claims:
  - often_said: 87% never reach production
    problem: no study behind it
    say_instead: Many projects stall.
    patterns: ['\\b87 ?%', 'nine in ten']
""",
    "training/messages.jsonl": """\
{"barrier": "ORG-01", "theme": "human-resources-and-skills", "text": "nobody here can code"}
{"barrier": "ORG-03", "theme": "slow-processes", "text": "the board meets in spring"}
""",
    "training/real.jsonl": """\
{"id": "r0001", "text": "my boss reads no code", "barriers": ["ORG-01"], "also_barriers": ["ORG-03"], "readings": 2, \
"lang": "en", "source": "a forum", "url": "https://example.org/1"}
""",
    "training/contrast.jsonl": """\
{"theme": "slow-processes", "looks_like": "cost-and-budget", "text": "the money waits for a signature"}
""",
    "training/scope.jsonl": """\
{"kind": "out_far", "text": "a pizza please"}
{"kind": "vague", "text": "it hurts", "themes": ["slow-processes", "business-value"]}
""",
}


@dataclass(frozen=True)
class Small:
    path: Path

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(exist_ok=True)
        (self.path / name).write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text(encoding="utf-8")
        assert old in text, f"{name} does not hold {old!r}"
        self.write(name, text.replace(old, new, 1))

    def problems(self) -> list[str]:
        """`file:line: message` of all that is wrong, the file as seen from the folder."""
        found = read_knowledge(self.path, TODAY).problems
        return [f"{p.path.relative_to(self.path).as_posix()}:{p.line}: {p.message}" for p in found]

    def line(self, name: str, words: str) -> int:
        """The line of a file on which words stand first."""
        return (self.path / name).read_text(encoding="utf-8").partition(words)[0].count("\n") + 1


def write_small(path: Path) -> Small:
    small = Small(path)
    path.mkdir()
    copy(packaged_knowledge() / "themes.yaml", path)
    for name, text in FILES.items():
        small.write(name, text)
    numbers: dict[str, int] = {}
    for theme in yaml.safe_load((path / "themes.yaml").read_text(encoding="utf-8"))["themes"]:
        prefix = PREFIXES[theme["dimension"]]
        numbers[prefix] = numbers.get(prefix, 0) + 1
        id = f"{prefix}-{numbers[prefix]:02}"
        text = BARRIER.format(id=id, theme=theme["id"], codes=theme["study_codes"])
        small.write(f"barriers/{id}.yaml", text + LINKS.get(id, ""))
    return small
