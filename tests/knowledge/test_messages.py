from __future__ import annotations

import pytest

from bot.errors import KnowledgeInvalid
from bot.knowledge import LearningMessage, packaged_knowledge, read_messages
from tests.knowledge.small import Small

LEARNING, CONTRAST, SCOPE = (f"training/{name}.jsonl" for name in ("messages", "contrast", "scope"))


def test_messages_are_read_in_their_order(small: Small):
    messages = read_messages(small.path)
    assert messages.learning[0] == LearningMessage(
        barrier="ORG-01", theme="human-resources-and-skills", text="nobody here can code"
    )
    assert [message.looks_like for message in messages.contrast] == ["cost-and-budget"]
    assert [message.themes for message in messages.scope] == [(), ("slow-processes", "business-value")]


def test_the_messages_that_we_ship_can_be_read():
    messages = read_messages(packaged_knowledge())
    assert {message.barrier for message in messages.learning} >= {"ORG-01", "BUS-01"}
    assert {message.kind for message in messages.scope} == {"out_near", "out_far", "vague", "about"}


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "message"),
    [
        pytest.param(
            LEARNING,
            '"text": "the',
            '"txt": "the',
            2,
            'key "txt" is unknown; did you mean "text"?',
            id="misspelt key",
        ),
        pytest.param(LEARNING, "the board meets in spring", "", 2, "text is empty; write it", id="empty text"),
        pytest.param(LEARNING, "the board meets in spring", " \u3000 ", 2, "text is empty; write it", id="blank text"),
        pytest.param(LEARNING, "ORG-03", "ORG3", 2, 'barrier "ORG3" must look like ORG-08', id="no id"),
        pytest.param(LEARNING, 'spring"}', "spring", 2, "this line is not JSON: ", id="cut off"),
        pytest.param(LEARNING, "\n", "\n\n", 2, "this line is not JSON: ", id="empty line"),
        pytest.param(
            LEARNING,
            '{"barrier": "ORG-03"',
            '[1]\n{"barrier": "ORG-03"',
            2,
            "this must be a mapping with keys of its own",
            id="list",
        ),
        pytest.param(
            SCOPE,
            "out_far",
            "far",
            1,
            'kind "far" is not one of: out_near, out_far, vague, about; did you mean "out_far"?',
            id="no kind",
        ),
    ],
)
def test_a_bad_line_is_named(small: Small, name: str, old: str, new: str, line: int, message: str):
    small.edit(name, old, new)
    assert any(problem.startswith(f"{name}:{line}: {message}") for problem in small.problems())
    with pytest.raises(KnowledgeInvalid, match=rf"{name}:{line}: "):
        read_messages(small.path)


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        pytest.param(
            LEARNING,
            "ORG-03",
            "ORG-93",
            '2: barrier "ORG-93" is unknown; did you mean "ORG-03"?',
            id="unknown barrier",
        ),
        pytest.param(
            LEARNING,
            "slow-processes",
            "slow-process",
            '2: theme "slow-process" is unknown; did you mean "slow-processes"?',
            id="unknown theme",
        ),
        pytest.param(
            LEARNING,
            "slow-processes",
            "cost-and-budget",
            "2: ORG-03 is of slow-processes, not of cost-and-budget; change one of them",
            id="another theme than its barrier's",
        ),
        pytest.param(
            CONTRAST,
            "cost-and-budget",
            "cost-and-budgets",
            '1: theme "cost-and-budgets" is unknown; did you mean "cost-and-budget"?',
            id="looks like no theme",
        ),
        pytest.param(
            CONTRAST,
            "cost-and-budget",
            "slow-processes",
            "1: theme and looks_like are the same, so there is no contrast; change one of them",
            id="no contrast",
        ),
        pytest.param(
            SCOPE,
            "business-value",
            "busines-value",
            '2: theme "busines-value" is unknown; did you mean "business-value"?',
            id="vague about no theme",
        ),
        pytest.param(
            SCOPE,
            ', "business-value"',
            "",
            "2: a vague message could mean several themes; name two or more, or none",
            id="vague about one theme",
        ),
        pytest.param(
            SCOPE,
            '"a pizza please"',
            '"a pizza please", "themes": ["business-value"]',
            "1: a message of kind out_far has no themes; remove them, or call it vague",
            id="a theme out of scope",
        ),
    ],
)
def test_labels_exist_and_belong_together(small: Small, name: str, old: str, new: str, problem: str):
    small.edit(name, old, new)
    assert small.problems() == [f"{name}:{problem}"]


def test_a_label_that_is_wrong_sixty_times_is_one_problem(small: Small):
    small.write(LEARNING, '{"barrier": "XYZ-99", "theme": "slow-processes", "text": "it hurts"}\n' * 60)
    assert small.problems() == [f'{LEARNING}:1: barrier "XYZ-99" is unknown (60 messages from here on)']


def test_characters_that_only_look_like_line_ends_keep_the_count(small: Small):
    small.edit(LEARNING, "nobody here", "nobody\u2028here\x85")
    small.edit(LEARNING, "ORG-03", "ORG-93")
    assert [problem.split(": ")[0] for problem in small.problems()] == [f"{LEARNING}:2"]


def test_a_missing_file_is_a_problem(small: Small):
    (small.path / SCOPE).unlink()
    assert small.problems() == [f"{SCOPE}:1: the file cannot be read: No such file or directory; restore it"]
