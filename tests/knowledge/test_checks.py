# ruff: noqa: E501 - the sentences stand whole, as people read them
from __future__ import annotations

from datetime import date

import pytest

from bot.knowledge import read_knowledge
from tests.knowledge.small import SOURCE, Small

Edit = tuple[str, str, str]
ORG1, ORG2, TEC1, OPS1 = (f"barriers/{id}.yaml" for id in ("ORG-01", "ORG-02", "TEC-01", "OPS-01"))
SYMPTOM = "ORG-01 hurts on mondays"


def check(small: Small, edits: list[Edit], expected: list[tuple[str, str, str]]) -> None:
    """After the edits exactly the expected problems: in which file, at the line with which words, saying what."""
    for name, old, new in edits:
        small.edit(name, old, new)
    lines = [f"{name}:{small.line(name, words)}: {message}" for name, words, message in expected]
    assert [problem.replace(f"{small.path}/", "") for problem in small.problems()] == lines


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(
            [(TEC1, "sources: [R01, R03]", "sources: [R01, R99]")],
            [(TEC1, "R99", "source R99 is not in sources.yaml")],
            id="unknown source",
        ),
        pytest.param(
            [(ORG1, "theme: human-", "theme: humane-")],
            [
                (
                    ORG1,
                    "theme:",
                    'theme "humane-resources-and-skills" is unknown; did you mean "human-resources-and-skills"?',
                )
            ],
            id="unknown theme, a near one",
        ),
        pytest.param(
            [("plays.yaml", "theme: slow-processes", "theme: zzz")],
            [("plays.yaml", "theme:", 'theme "zzz" is unknown; the themes are in themes.yaml')],
            id="unknown theme, none near",
        ),
        pytest.param(
            [("plays.yaml", "[ORG-01, ORG-02]", "[ORG-01, XYZ-20]")],
            [("plays.yaml", "XYZ-20", 'barrier "XYZ-20" is unknown')],
            id="unknown barrier of a play",
        ),
        pytest.param(
            [("scope.yaml", "barriers: [ORG-01]", "barriers: [ORG-91]")],
            [("scope.yaml", "ORG-91", 'barrier "ORG-91" is unknown; did you mean "ORG-01"?')],
            id="unknown barrier of a reply",
        ),
        pytest.param(
            [("questions.yaml", "barriers: [ORG-02]", "barriers: [ORG-92]")],
            [("questions.yaml", "ORG-92", 'barrier "ORG-92" is unknown; did you mean "ORG-02"?')],
            id="unknown barrier of a question",
        ),
        pytest.param(
            [(TEC1, "leads_to: [OPS-01]", "leads_to: [OPS-01, OPX-77]")],
            [(TEC1, "OPX-77", 'barrier "OPX-77" is unknown')],
            id="unknown barrier of a link",
        ),
        pytest.param(
            [("scope.yaml", "far: far-one", "far: far-on")],
            [("scope.yaml", "far: far-on", 'reply "far-on" is unknown; did you mean "far-one"?')],
            id="unknown default",
        ),
        pytest.param(
            [("scope.yaml", "far: far-one", "far: near-one")],
            [("scope.yaml", "far: near-one", 'reply "near-one" is of kind near; name one of kind far')],
            id="default of another kind",
        ),
        pytest.param(
            [("scope.yaml", "  far: far-one\n", "")],
            [("scope.yaml", "defaults:", "kind far has no default; add the id of its reply")],
            id="no default",
        ),
        pytest.param(
            [("scope.yaml", "  far: far-one\n", "  far: far-one\n  further: far-one\n")],
            [("scope.yaml", "further", 'a key of defaults "further" is not one of: near, far, about')],
            id="default of no kind",
        ),
    ],
)
def test_references_resolve(small: Small, edits: list[Edit], expected: list[tuple[str, str, str]]):
    check(small, edits, expected)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(
            [("barriers/BUS-02.yaml", "id: BUS-02", "id: BUS-03")],
            [
                (
                    "barriers/BUS-02.yaml",
                    "id:",
                    "id BUS-03 is not the file's name; write BUS-02 here or rename the file",
                )
            ],
            id="an id that is not the file's name",
        ),
        pytest.param(
            [("barriers/BUS-02.yaml", "id: BUS-02", "id: BUS-01")],
            [
                (
                    "barriers/BUS-02.yaml",
                    "id:",
                    "id BUS-01 is not the file's name; write BUS-02 here or rename the file",
                )
            ],
            id="another barrier's id",
        ),
        pytest.param(
            [("sources.yaml", "sources:\n", "sources:\n" + SOURCE.format(id="R02"))],
            [
                (
                    "sources.yaml",
                    "- id: R02\n    authors: A. Author\n    year: '2020'\n    title: A title\n    venue: A venue\n"
                    "    url: no DOI found\n    evidence_for: that it is so\n    status: VERIFIED\n  - id: R03",
                    'source: "R02" is given twice; remove or rename one',
                )
            ],
            id="two sources of one id",
        ),
        pytest.param(
            [
                (
                    "questions.yaml",
                    "questions:\n",
                    "questions:\n"
                    + """\
  - id: which-trouble
    kind: ambiguous
    sounds_like: ouch
    ask: Where?
    choices:
      - {label: Up, barriers: [ORG-03]}
      - {label: Down, barriers: [ORG-04]}
""",
                )
            ],
            [
                (
                    "questions.yaml",
                    "- id: which-trouble\n    kind: confusable",
                    'question: "which-trouble" is given twice; remove or rename one',
                )
            ],
            id="two questions of one id",
        ),
        pytest.param(
            [
                (
                    "scope.yaml",
                    "replies:\n",
                    "replies:\n  - {id: near-one, kind: near, sounds_like: [a], reply: b}\n",
                )
            ],
            [("scope.yaml", "- id: near-one", 'reply: "near-one" is given twice; remove or rename one')],
            id="two replies of one id",
        ),
        pytest.param(
            [
                (
                    "plays.yaml",
                    "plays:\n",
                    "plays:\n  - {id: PLAY-01, theme: slow-processes, title: a, why: b, do: [c, d], "
                    "minutes: 30, who: e, done_when: f, barriers: [ORG-03]}\n",
                )
            ],
            [("plays.yaml", "- id: PLAY-01", 'play: "PLAY-01" is given twice; remove or rename one')],
            id="two plays of one id",
        ),
        pytest.param(
            [("plays.yaml", "[ORG-01, ORG-02]", "[ORG-01, ORG-01]")],
            [("plays.yaml", "[ORG-01, ORG-01]", 'barriers: "ORG-01" is given twice; remove or rename one')],
            id="one barrier twice in a list",
        ),
        pytest.param(
            [(ORG2, "sources: [R01, R03]", "sources: [R01, R03, R01]")],
            [(ORG2, "sources:", 'sources: "R01" is given twice; remove or rename one')],
            id="one source twice in a list",
        ),
    ],
)
def test_ids_are_unique(small: Small, edits: list[Edit], expected: list[tuple[str, str, str]]):
    check(small, edits, expected)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(
            [("barriers/BUS-01.yaml", "provenance: study-code", "provenance: extension")],
            [
                (
                    "barriers/BUS-01.yaml",
                    "study_codes",
                    "an extension has no study codes; remove them, or call it related",
                ),
                ("barriers/BUS-01.yaml", "sources", "an extension is ours alone; do not cite R01 for it"),
            ],
            id="an extension with codes and the study",
        ),
        pytest.param(
            [("barriers/BUS-01.yaml", "R01, R03", "R03")],
            [
                (
                    "barriers/BUS-01.yaml",
                    "sources",
                    "provenance study-code rests on the study; add R01 to sources",
                )
            ],
            id="a study-code without the study",
        ),
        pytest.param(
            [("barriers/BUS-01.yaml", "'Perceived business value'", "'Perceived business worth'")],
            [
                (
                    "barriers/BUS-01.yaml",
                    "study_codes",
                    '"Perceived business worth" is not a code of the study; did you mean "Perceived business value"?',
                ),
                (
                    "themes.yaml",
                    "- Perceived business value",
                    'no barrier has the code "Perceived business value"; add it to the one that it leads to',
                ),
            ],
            id="no such code",
        ),
        pytest.param(
            [(ORG2, "'Keeping teams interested'", "'Keeping teams interested', 'Low budget allocation'")],
            [
                (
                    ORG2,
                    "study_codes",
                    '"Low budget allocation" is a code of cost-and-budget, not of user-engagement-and-resistance; change one of them',
                )
            ],
            id="another theme's code",
        ),
        pytest.param(
            [("barriers/BUS-01.yaml", ", 'Perceived business value'", "")],
            [
                (
                    "themes.yaml",
                    "- Perceived business value",
                    'no barrier has the code "Perceived business value"; add it to the one that it leads to',
                )
            ],
            id="a code that leads nowhere",
        ),
    ],
)
def test_the_study_stays_the_study(small: Small, edits: list[Edit], expected: list[tuple[str, str, str]]):
    check(small, edits, expected)


def test_a_study_code_or_related_barrier_needs_a_code(small: Small):
    small.write(
        "barriers/BUS-03.yaml",
        small_copy(small, "BUS-01", "BUS-03", codes="[]").replace("study-code", "related"),
    )
    line = small.line("barriers/BUS-03.yaml", "provenance")
    message = "provenance related needs a study code; add one, or call it an extension"
    assert small.problems() == [f"barriers/BUS-03.yaml:{line}: {message}"]


def small_copy(small: Small, old: str, new: str, codes: str) -> str:
    text = (small.path / f"barriers/{old}.yaml").read_text(encoding="utf-8").replace(old, new)
    head, _, rest = text.partition("study_codes: ")
    return f"{head}study_codes: {codes}\n{rest.partition(chr(10))[2]}"


def test_an_extension_needs_neither_code_nor_study(small: Small):
    text = small_copy(small, "BUS-01", "BUS-03", codes="[]").replace("R01, ", "")
    small.write("barriers/BUS-03.yaml", text.replace("provenance: study-code", "provenance: extension"))
    assert small.problems() == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "- Keeping teams interested",
            "- Showcasing the benefits",
            "is a code of two themes or twice in one",
            id="a code twice",
        ),
        pytest.param("      - Keeping teams interested\n", "", "here are 46 codes; the study has 47", id="a code lost"),
        pytest.param(
            "  - id: business\n    name: Business challenges\n",
            "",
            'dimension "business" is not in this file',
            id="a dimension lost",
        ),
        pytest.param(
            "- id: technical",
            "- id: business",
            'dimension: "business" is given twice',
            id="a dimension twice",
        ),
        pytest.param(
            "- id: slow-processes",
            "- id: technical-tools",
            'theme: "technical-tools" is given twice',
            id="a theme twice",
        ),
        pytest.param(
            "dimension: technical",
            "dimension: tecnical",
            "is not one of: organisational, technical, operational, business",
            id="no such dimension",
        ),
    ],
)
def test_the_studys_labels_are_complete(small: Small, old: str, new: str, message: str):
    small.edit("themes.yaml", old, new)
    assert any(message in problem and problem.startswith("themes.yaml:") for problem in small.problems())


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(
            [(TEC1, "leads_to: [OPS-01]", "leads_to: []")],
            [
                (
                    OPS1,
                    "- {id: TEC-01",
                    "barriers/TEC-01.yaml does not list OPS-01 in leads_to; add it there, or remove TEC-01 here",
                )
            ],
            id="a cause that does not know of its effect",
        ),
        pytest.param(
            [(OPS1, "caused_by:\n  - {id: TEC-01, why: so it goes}\n", ""), (ORG1, ", loop: true", "")],
            [
                (
                    TEC1,
                    "leads_to",
                    "barriers/OPS-01.yaml does not list TEC-01 in caused_by; add it there, or remove OPS-01 here",
                )
            ],
            id="an effect that does not know of its cause",
        ),
        pytest.param(
            [(ORG2, "confusable_with: [ORG-01]", "")],
            [
                (
                    ORG1,
                    "confusable_with",
                    "barriers/ORG-02.yaml does not list ORG-01 in confusable_with; add it there, or remove ORG-02 here",
                ),
                (
                    "questions.yaml",
                    "- id: which-trouble",
                    "ORG-01 and ORG-02 are told apart here, but are not in each other's confusable_with; add them there, or call the question ambiguous",
                ),
            ],
            id="a look-alike on one side only",
        ),
        pytest.param(
            [(ORG2, "confusable_with: [ORG-01]", "confusable_with: [ORG-01, ORG-02]")],
            [(ORG2, "confusable_with", "confusable_with names the barrier itself; remove it")],
            id="its own look-alike",
        ),
        pytest.param(
            [(ORG1, ", loop: true", "")],
            [
                (
                    OPS1,
                    "- {id: TEC-01",
                    'causes run in a circle: ORG-01 "Trouble ORG-01" -> TEC-01 "Trouble TEC-01" -> '
                    'OPS-01 "Trouble OPS-01" -> ORG-01 "Trouble ORG-01"; mark the link that closes it with loop: true, or remove one',
                )
            ],
            id="a circle that nobody named",
        ),
        pytest.param(
            [
                (OPS1, "why: so it goes}", "why: so it goes, loop: true}"),
                (ORG1, "  - {id: OPS-01", "  - {id: OPS-02"),
                (OPS1, "leads_to: [ORG-01]\n", ""),
                ("barriers/OPS-02.yaml", "sources:", "leads_to: [ORG-01]\nsources:"),
            ],
            [
                (
                    OPS1,
                    "- {id: TEC-01",
                    "TEC-01 is marked as a loop, but OPS-01 does not bring it about; remove the mark",
                ),
                (
                    ORG1,
                    "- {id: OPS-02",
                    "OPS-02 is marked as a loop, but ORG-01 does not bring it about; remove the mark",
                ),
            ],
            id="a loop that is none",
        ),
    ],
)
def test_links_are_whole(small: Small, edits: list[Edit], expected: list[tuple[str, str, str]]):
    problems_match(small, edits, expected)


def problems_match(small: Small, edits: list[Edit], expected: list[tuple[str, str, str]]) -> None:
    if "circle" in expected[0][2]:  # where a circle is entered is all the same
        for name, old, new in edits:
            small.edit(name, old, new)
        (problem,) = small.problems()
        assert "causes run in a circle" in problem
        assert all(f'{id} "Trouble {id}"' in problem for id in ("ORG-01", "TEC-01", "OPS-01"))
    else:
        check(small, edits, expected)


def test_each_circle_is_reported(small: Small):
    small.edit(ORG1, ", loop: true", "")
    small.write("barriers/BUS-01.yaml", text_with_link(small, "BUS-01", "BUS-02"))
    small.write("barriers/BUS-02.yaml", text_with_link(small, "BUS-02", "BUS-01"))
    assert sum("circle" in problem for problem in small.problems()) == 2


def text_with_link(small: Small, id: str, other: str) -> str:
    text = (small.path / f"barriers/{id}.yaml").read_text(encoding="utf-8")
    return f"{text}caused_by: [{{id: {other}, why: so}}]\nleads_to: [{other}]\n"


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(
            [("questions.yaml", "barriers: [ORG-02]", "barriers: [ORG-02, ORG-01]")],
            [
                (
                    "questions.yaml",
                    "[ORG-02, ORG-01]",
                    "ORG-01 is in an earlier choice too, so this question cannot tell it apart; remove one",
                )
            ],
            id="one barrier in two choices",
        ),
        pytest.param(
            [("questions.yaml", "[ORG-02]", "[ORG-03]")],
            [
                (
                    "questions.yaml",
                    "- id: which-trouble",
                    "ORG-01 and ORG-03 are told apart here, but are not in each other's confusable_with; add them there, or call the question ambiguous",
                )
            ],
            id="barriers that are not look-alikes",
        ),
        pytest.param(
            [
                ("questions.yaml", "kind: confusable", "kind: ambiguous"),
                ("questions.yaml", "[ORG-02]", "[ORG-03]"),
            ],
            [],
            id="an ambiguous message may mean what does not look alike",
        ),
        pytest.param(
            [
                (
                    "questions.yaml",
                    "    choices:\n",
                    "    choices:\n" + "".join(f"      - {{label: L{n}, barriers: [OPS-02]}}\n" for n in range(3)),
                )
            ],
            [("questions.yaml", "choices:", "choices may have 4 entries; it has 5")],
            id="too many choices for buttons",
        ),
    ],
)
def test_questions_tell_barriers_apart(small: Small, edits: list[Edit], expected: list[tuple[str, str, str]]):
    check(small, edits, expected)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(
            [(ORG2, "horizon: this-week", "horizon: next-quarter")],
            [(ORG2, "recommendations:", "no recommendation is for this-week; add one")],
            id="nothing this week",
        ),
        pytest.param(
            [(ORG2, "horizon: next-quarter", "horizon: this-week")],
            [(ORG2, "recommendations:", "no recommendation is for next-quarter; add one")],
            id="nothing later",
        ),
        pytest.param(
            [(ORG2, "good_looks", "  - horizon: this-week\n    text: Sit down.\ngood_looks")],
            [
                (
                    ORG2,
                    "- horizon: this-week\n    text: Sit",
                    "this-week comes before next-quarter; move this recommendation up",
                )
            ],
            id="this week after next quarter",
        ),
        pytest.param(
            [(ORG2, "2026-11-01", "2026-11-24")],
            [(ORG2, "checked_on", "checked_on 2026-11-24 is in the future; today is 2026-11-23")],
            id="tools checked tomorrow",
        ),
        pytest.param([(ORG2, "2026-11-01", "2026-11-23")], [], id="tools checked today"),
    ],
)
def test_steps_and_dates(small: Small, edits: list[Edit], expected: list[tuple[str, str, str]]):
    check(small, edits, expected)


def test_today_is_the_callers(small: Small):
    assert read_knowledge(small.path, date(2026, 11, 1)).problems == ()
    assert len(read_knowledge(small.path, date(2026, 10, 31)).problems) == 11


CLAIM = '"87 %" is a claim that we do not make; say instead: Many projects stall.'


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param([(ORG1, "nobody looked", "87 % never get there")], [(ORG1, "87 %", CLAIM)], id="of a barrier"),
        pytest.param([(ORG1, SYMPTOM, "87 % hurts")], [(ORG1, "87 %", CLAIM)], id="of a symptom"),
        pytest.param(
            [("plays.yaml", "sit down", "sit down with 87 %")],
            [("plays.yaml", "87 %", CLAIM)],
            id="of a play",
        ),
        pytest.param([("questions.yaml", "Here", "87 %")], [("questions.yaml", "87 %", CLAIM)], id="of a choice"),
        pytest.param([("scope.yaml", "Not mine", "Like 87 %")], [("scope.yaml", "87 %", CLAIM)], id="of a reply"),
        pytest.param(
            [("themes.yaml", "border_rules:", "border_rules:\n  - 87 % are so")],
            [("themes.yaml", "87 %", CLAIM)],
            id="of a border rule",
        ),
        pytest.param(
            [(ORG1, "nobody looked", "NINE IN TEN fail")],
            [(ORG1, "NINE", CLAIM.replace("87 %", "NINE IN TEN"))],
            id="in capitals",
        ),
        pytest.param([("scope.yaml", "a pizza", "do 87 % fail?")], [], id="a message that asks about it is none"),
        pytest.param(
            [("banned_claims.yaml", "nine in ten", "nine (in ten")],
            [
                (
                    "banned_claims.yaml",
                    "nine (in",
                    'pattern "nine (in ten" is not a regular expression: missing ), unterminated subpattern at position 5; mend it',
                )
            ],
            id="a pattern that does not compile",
        ),
        pytest.param(
            [("banned_claims.yaml", "nine in ten", "(nine in ten)?")],
            [("banned_claims.yaml", "patterns", 'pattern "(nine in ten)?" finds every text; narrow it')],
            id="a pattern that finds everything",
        ),
    ],
)
def test_no_banned_claim_is_made(small: Small, edits: list[Edit], expected: list[tuple[str, str, str]]):
    check(small, edits, expected)


@pytest.mark.parametrize(
    ("name", "old", "text", "found"),
    [
        pytest.param(ORG1, "nobody looked", "the study names it", "study names", id="a finding"),
        pytest.param(ORG1, "nobody looked", "a study found that it hurts", "study found", id="a finding of some study"),
        pytest.param(ORG1, "nobody looked", "half of the interviewees said so", "interviewees", id="interviewees"),
        pytest.param(
            ORG1,
            "nobody looked",
            "participants in the study said so",
            "participants in the study",
            id="participants",
        ),
        pytest.param(ORG1, "nobody looked", "as in this study", "this study", id="this study"),
        pytest.param(ORG1, "nobody looked", "so says Amrit", "Amrit", id="an author"),
        pytest.param("scope.yaml", "Not mine", "Ask Narayanappa", "Narayanappa", id="an author in a reply"),
        pytest.param(
            "scope.yaml",
            "are those of the study by",
            "are what interviewees told",
            "interviewees",
            id="a finding in what we say about ourselves",
        ),
        pytest.param("themes.yaml", "reading: '", "reading: 'the study says ", "study says", id="a reading of a theme"),
        pytest.param(ORG1, "nobody looked", "no controlled study found", None, id="that there is no study"),
        pytest.param(ORG1, "nobody looked", "examined in a small user study", None, id="another kind of study"),
        pytest.param("themes.yaml", "name: Slow Processes", "name: The study", None, id="a label of the study's"),
    ],
)
def test_nothing_is_said_in_the_studys_name(small: Small, name: str, old: str, text: str, found: str | None):
    small.edit(name, old, text)
    message = f'"{found}" speaks for the study, of which we know the labels only; say it as our own'
    expected = [f"{name}:{small.line(name, text)}: {message}"] if found else []
    assert small.problems() == expected


@pytest.mark.parametrize(
    ("name", "symptom"),
    [
        pytest.param(ORG1, "ORG-01 hurts, on Mondays!", id="in the same barrier"),
        pytest.param(ORG2, "org 01 hurts on MONDAYS", id="in another barrier"),
    ],
)
def test_a_symptom_is_written_once(small: Small, name: str, symptom: str):
    small.edit(name, f"{name[9:15]} hurts on tuesdays", f'"{symptom}"')
    first = f"{small.path}/{ORG1}:{small.line(ORG1, SYMPTOM)}"
    line = small.line(name, symptom)
    assert small.problems() == [f"{name}:{line}: this symptom is in {first} too; reword one of them"]
