from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from shutil import copytree, rmtree

import pytest

from bot import __version__
from bot.commands import ask, knowledge
from bot.knowledge import packaged_knowledge
from tests.knowledge.small import write_small
from tests.scenarios.conftest import PROGRAM, Ran, Triage, bare_environment
from tests.triage.test_dev_set import DEV, dev_lines

SLOW = "Every release waits three weeks for the security board. It signs off even a one line fix, on paper"
NIGHTMARE = "deployment is a nightmare"
UNSURE = "something with the data"
LUNCH = "Where can I get lunch near the office?"

GREETINGS = (
    "Hello", "Hallo", "Bonjour", "Hola", "Olá", "Ciao", "Hej", "Hei", "Moi", "Cześć", "Ahoj", "Szia", "Salut", "Здраво",
    "Здравейте", "Привет", "Привіт", "Γειά σου", "Merhaba", "שלום", "مرحبا", "سلام", "नमस्ते", "নমস্কার", "ਸਤ ਸ੍ਰੀ ਅਕਾਲ",
    "வணக்கம்", "నమస్కారం", "ನಮಸ್ಕಾರ", "ഹലോ", "ආයුබෝවන්", "สวัสดี", "ສະບາຍດີ", "မင်္ဂလာပါ", "ជំរាបសួរ", "你好",
    "こんにちは", "안녕하세요", "Xin chào", "Kamusta", "Jambo", "ሰላም", "გამარჯობა", "Բարեւ",
)  # fmt: skip


def fields(line: str) -> tuple[object, str]:
    outcome = json.loads(line)
    return outcome["id"], outcome["action"]


class TestAsk:
    def test_an_answer_and_its_longer_forms(self, triage: Triage):
        short, more, explained = triage("ask", SLOW), triage("ask", SLOW, "--more"), triage("ask", SLOW, "--explain")
        assert (short.code, more.code, explained.code) == (0, 0, 0)
        for label in ("Why", "This week", "Fixed when", "Rather this?"):
            assert label in short.out
        for label in ("In short", "Next quarter", "Ask the team", "The study", "Our advice", "Records"):
            assert label not in short.out
            assert label in more.out
        assert "Sources\n" in more.out
        assert explained.out.startswith(short.out)
        assert "How I got there" in explained.out
        assert short.err == more.err == explained.err == ""

    def test_json_is_what_batch_writes_with_the_guidance(self, triage: Triage):
        asked = json.loads(triage("ask", SLOW, "--json").out)
        line = json.dumps({"id": "m", "text": SLOW})
        batched = json.loads(triage("ask", "--batch", "-", stdin=line).out)
        guidance = asked.pop("guidance")
        batched.pop("id")
        assert asked == batched
        assert guidance["barrier"]["id"] == asked["barriers"][0]["id"]
        assert guidance["citations"] == asked["citations"]

    def test_json_of_a_question_has_no_guidance(self, triage: Triage):
        document = json.loads(triage("ask", NIGHTMARE, "--json").out)
        assert (document["action"], document["guidance"]) == ("clarify", None)

    @pytest.mark.parametrize("arguments", [(), ("-",)], ids=["nothing", "-"])
    def test_from_a_pipe(self, triage: Triage, arguments: tuple[str, ...]):
        assert triage("ask", *arguments, stdin=f"{SLOW}\n") == triage("ask", SLOW)

    def test_a_question_tells_where_to_answer_it(self, triage: Triage):
        ran = triage("ask", NIGHTMARE)
        assert ran.code == 0
        assert "What hurts most when you deploy?" in ran.out
        assert ran.out.endswith("Answer it in: triage chat\n")

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("👍", id="one emoji"),
            pytest.param("\x1b[31mour models wait\x1b[0m\x07\x00", id="control characters"),
            pytest.param("\u202eour models wait\u202c", id="right to left override"),
            pytest.param("نماذجنا لا تصل إلى الإنتاج أبدا", id="right to left"),
            pytest.param("[bold]our models[/] [link=http://x]wait[/link] [/]", id="markup"),
            pytest.param("our models wait \udcff for months", id="a byte that is no UTF-8"),
            pytest.param("x" * 10_000, id="as long as can be"),
            pytest.param("we wait. " * 1_100, id="as many clauses as can be"),
        ],
    )
    @pytest.mark.parametrize("flag", ["--explain", "--json"])
    def test_whatever_is_typed_is_answered(self, triage: Triage, text: str, flag: str):
        ran = triage("ask", flag, "--", text)
        assert (ran.code, ran.err) == (0, "")
        assert not {"\x1b", "\x07", "\x00", "\u202e", "\udcff"} & set(ran.out)

    def test_a_greeting_in_any_language_is_no_accident(self, triage: Triage):
        assert len(GREETINGS) >= 40
        assert {text: ran.err for text in GREETINGS if (ran := triage("ask", text)).code or ran.err} == {}

    @pytest.mark.parametrize(
        ("stdin", "says"),
        [
            pytest.param(b"", "The message is empty", id="empty"),
            pytest.param(b" \n\t", "The message is empty", id="blank"),
            pytest.param("\u200b\u202e".encode(), "The message is empty", id="invisible"),
            pytest.param(b"x" * 50_000, "has 50,000 characters and 10,000 are read", id="too long"),
            pytest.param(b"\x89PNG\xff\x00", "Standard input is not UTF-8 text (byte 1)", id="binary"),
        ],
    )
    def test_the_unreadable_is_bad_usage(self, triage: Triage, stdin: bytes, says: str):
        ran = triage("ask", stdin=stdin)
        assert (ran.code, ran.out) == (2, "")
        assert says in ran.err
        assert ran.err.count("\n") == 1

    def test_a_terminal_that_waits_is_told_what_to_type(self, triage: Triage):
        ran = triage("ask", typed=True)
        assert ran.code == 2
        assert "nothing to triage" in ran.err

    @pytest.mark.parametrize(
        "arguments",
        [
            ("ask", "--frobnicate", "x"),
            ("ask", "one", "two"),
            ("ask", "x", "--json", "--more"),
            ("ask", "x", "--batch", "-"),
            ("ask", "--batch", "-", "--json"),
            ("ask", "--batch", "-", "--more"),
            ("ask", "--batch", "/no/such/file"),
            ("ask", "--batch", "/"),
            ("frobnicate",),
            ("knowledge", "new"),
            ("eval",),
        ],
        ids=" ".join,
    )
    def test_bad_usage_is_told(self, triage: Triage, arguments: tuple[str, ...]):
        ran = triage(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "Usage:" in ran.err
        assert "Traceback" not in ran.err

    def test_a_message_without_quotes_gets_a_hint(self, triage: Triage):
        ran = triage("ask", "legal", "needs", "weeks")
        assert ran.code == 2
        assert 'put the message in quotes: triage ask "legal needs weeks"' in " ".join(ran.err.replace("│", "").split())

    def test_json_explained_has_the_stages(self, triage: Triage):
        explanation = json.loads(triage("ask", SLOW, "--json", "--explain").out)["explanation"]
        assert "ORG-08" in {record["barrier"] for record in explanation["records"]}
        assert set(explanation["scope"]) == {"in", "vague", "near", "far", "about"}

    def test_what_is_piped_has_no_blanks_at_the_ends_of_lines(self, triage: Triage):
        told = triage("ask", SLOW, "--more", "--explain").out
        assert [line for line in told.splitlines() if line != line.rstrip()] == []

    def test_a_wrong_port_leaves_ask_alone(self, triage: Triage, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("PORT", "abc")
        assert triage("index", "status").code == 0
        serve = triage("serve")
        assert (serve.code, serve.err) == (2, "PORT has a wrong value: it must be a whole number from 0 to 65535.\n")

    def test_an_unknown_setting_is_bad_usage(self, triage: Triage, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("TRIAGE_HOMR", "s3cret")
        ran = triage("index", "status")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == 'TRIAGE_HOMR in the environment is no setting; did you mean "TRIAGE_HOME"?\n'

    def test_a_number_picks_from_the_list_and_beside_an_answer(self, triage: Triage):
        listed = triage("ask", UNSURE)
        assert "It could be one of these." in listed.said
        assert "--pick" in listed.said
        for text in (UNSURE, SLOW):
            ran = triage("ask", text, "--pick", "2")
            assert ran.code == 0
            assert "(you chose it)" in ran.said
        as_json = json.loads(triage("ask", UNSURE, "--pick", "2", "--json").out)
        assert (as_json["action"], as_json["sureness"]) == ("answer", None)
        assert as_json["barriers"][0]["id"] == as_json["guidance"]["barrier"]["id"]

    @pytest.mark.parametrize(
        ("text", "number", "says"),
        [
            (UNSURE, "9", "this message has 5 to pick from"),
            (LUNCH, "1", "nothing to pick from"),
            (UNSURE, "0", "greater than or equal to 1"),
        ],
    )
    def test_a_number_that_is_not_there_is_bad_usage(self, triage: Triage, text: str, number: str, says: str):
        ran = triage("ask", text, "--pick", number)
        assert (ran.code, ran.out) == (2, "")
        assert says in " ".join(ran.err.split())


class TestBatch:
    def test_a_bad_line_is_told_and_the_others_are_answered(self, triage: Triage, tmp_path: Path):
        lines = [
            json.dumps({"id": "a", "text": SLOW, "extra": 1}),
            "nope",
            "",
            json.dumps({"id": 4, "text": NIGHTMARE}),
            json.dumps({"id": "e"}),
            json.dumps({"id": "f", "text": " \u200b"}),
            json.dumps({"id": "g", "text": "x" * 50_000}),
            json.dumps({"id": "h", "text": LUNCH}),
        ]
        file = tmp_path / "batch.jsonl"
        file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
        ran = triage("ask", "--batch", str(file))
        assert ran.code == 1
        assert [fields(line) for line in ran.out.splitlines()] == [("a", "answer"), (4, "clarify"), ("h", "decline")]
        told = ran.err.splitlines()
        assert [line.split(":")[0] for line in told[:-1]] == ["line 2", "line 5", "line 6", "line 7"]
        assert told[-1] == "4 of the lines could not be answered; the others were."
        assert "text is missing." in told[1]

    def test_no_lines_no_outcomes(self, triage: Triage):
        assert triage("ask", "--batch", "-", stdin=b"\n\n") == Ran(0, "", "")


class TestChat:
    def test_a_question_and_a_number(self, triage: Triage):
        ran = triage("chat", stdin=f"{NIGHTMARE}\n3\nmore\nquit\n")
        assert (ran.code, ran.err) == (0, "")
        assert "1-5> " in ran.out
        assert "Approval and change processes do not fit models" in ran.said
        assert "Ask the team" in ran.out

    def test_who_cannot_say_chooses_from_a_list(self, triage: Triage):
        ran = triage("chat", stdin=f"{NIGHTMARE}\ndunno\n1\nquit\n")
        assert ran.said.count("That sounds wearing.") == 1
        assert "It could be one of these." in ran.said
        assert ran.said.count("This week") == 1
        assert "(you chose it)" in ran.said

    def test_one_number_shows_another_barrier_and_back_returns(self, triage: Triage):
        ran = triage("chat", stdin=f"{UNSURE}\n2\nback\n3\nmore\nquit\n")
        assert ran.code == 0
        assert ran.said.count("It could be one of these.") == 2
        assert ran.said.count("(you chose it)") == 3
        assert "Ask the team" in ran.said

    @pytest.mark.parametrize("stop", ["quit", "QUIT", ":q"])
    def test_quit_at_a_choice_ends_and_new_starts_over(self, triage: Triage, stop: str):
        ran = triage("chat", stdin=f"{NIGHTMARE}\n{stop}\n{SLOW}\n")
        assert "This week" not in ran.said
        again = triage("chat", stdin=f"{NIGHTMARE}\nnew\n{SLOW}\n")
        assert "A new question, then." in again.said
        assert "This week" in again.said

    @pytest.mark.parametrize("number", ["9", "0", "6", "77"])
    def test_a_number_that_is_not_there_is_refused_and_asked_for_again(self, triage: Triage, number: str):
        ran = triage("chat", stdin=f"{NIGHTMARE}\n{number}\n3\n")
        assert "I gave you 1 to 5." in ran.said
        assert ran.out.count("1-5> ") == 2
        assert "Approval and change processes do not fit models" in ran.said

    def test_a_question_about_the_answer_leaves_it_as_it_was(self, triage: Triage):
        ran = triage("chat", stdin=f"{SLOW}\nwhat does that cost?\nmore\n")
        assert "I know no price. The first step takes" in ran.said
        assert "Ask the team" in ran.said

    def test_something_else_moves_on(self, triage: Triage):
        by_number, by_name = (triage("chat", stdin=f"{NIGHTMARE}\n{choice}\n") for choice in ("5", "something ELSE"))
        assert by_number == by_name
        assert by_number.code == 0
        told = by_number.said.split("Something else", 1)[1]
        for offered in ("Deployment is manual", "Approval and change processes do not fit models"):
            assert offered not in told

    def test_a_sentence_may_answer_the_question(self, triage: Triage):
        ran = triage("chat", stdin=f"{NIGHTMARE}\nwe wait three weeks for the security board to approve\n")
        assert "Slow Processes" in ran.said

    def test_what_was_chosen_stays_chosen(self, triage: Triage):
        ran = triage("chat", stdin=f"{NIGHTMARE}\n3\nit is a real pain\n")
        assert ran.said.count("Approval and change processes do not fit models (you chose it)") == 2

    def test_what_is_too_long_is_refused_and_forgotten(self, triage: Triage):
        ran = triage("chat", stdin=f"{SLOW}\n{'x' * 20_000}\n{NIGHTMARE}\n")
        assert ran.code == 0
        assert ran.said.count("10,000 are read. Send the part that hurts.") == 1
        assert ran.said.count("This week") == 2

    def test_a_choice_that_is_too_long_does_not_end_the_talk(self, triage: Triage):
        ran = triage("chat", stdin=f"{NIGHTMARE}\n{'x' * 20_000}\n{SLOW}\n")
        assert (ran.code, ran.err) == (0, "")
        assert "Send the part that hurts." in ran.said
        assert "This week" in ran.out

    def test_a_new_question_starts_over(self, triage: Triage):
        alone = triage("chat", stdin=f"{LUNCH}\n")
        after = triage("chat", stdin=f"{SLOW}\nnew\n{LUNCH}\n")
        assert alone.out.split("> ")[1] in after.out

    @pytest.mark.parametrize("stdin", ["", "\n\n", "quit\n", "EXIT\n", f"{LUNCH}\n", "more\n", NIGHTMARE, "👍\n"])
    def test_it_ends_with_its_input(self, triage: Triage, stdin: str):
        ran = triage("chat", stdin=stdin)
        assert (ran.code, ran.err) == (0, "")


class TestEval:
    def test_its_own_outcomes_and_those_of_a_file_measure_alike(self, triage: Triage, tmp_path: Path):
        labelled = tmp_path / "labelled.jsonl"
        a_fifth_of_each_scope = sorted(dev_lines(), key=lambda line: line["scope"])[::5]
        labelled.write_text("".join(f"{json.dumps(line)}\n" for line in a_fifth_of_each_scope), encoding="utf-8")
        batch = triage("ask", "--batch", str(labelled))
        assert batch.code == 0
        (tmp_path / "answers.jsonl").write_text(batch.out, encoding="utf-8")
        own = triage("eval", str(labelled), "--json")
        given = triage("eval", str(labelled), "--json", "--answers", "answers.jsonl")
        assert (own.code, given.code) == (0, 0)
        assert json.loads(own.out) == json.loads(given.out)
        shown = triage("eval", str(labelled), "--answers", "answers.jsonl")
        theme = next(m for m in json.loads(own.out)["measures"] if m["name"] == "theme@1")
        assert f"{theme['value']:.2f}" in next(line for line in shown.out.splitlines() if "theme@1 " in line)
        assert "reliability of the first theme" in shown.out

    def test_simulated_askers_are_counted(self, triage: Triage, tmp_path: Path):
        labelled = tmp_path / "labelled.jsonl"
        few = [line for line in dev_lines() if line["scope"] == "in"][:8]
        labelled.write_text("".join(f"{json.dumps(line)}\n" for line in few), encoding="utf-8")
        ran = triage("eval", str(labelled), "--simulate")
        assert ran.code == 0
        assert "simulated askers, all messages in scope" in ran.said
        assert "a question" in ran.said
        assert triage("eval", str(labelled), "--simulate").out == ran.out
        assert triage("eval", str(labelled), "--simulate", "--json").code == 2

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (None, "set.jsonl:1: cannot be read: No such file or directory"),
            ('{"id": "a", "text": "b", "scope": "vague"}\nnope\n', "set.jsonl:2: the line: Invalid JSON"),
            ('{"id": "a", "text": "b", "scope": "in"}\n', "set.jsonl:1: a message in scope needs its theme"),
            ('{"id": "a", "text": "b", "scope": "in", "theme": "slow-proceses"}\n', 'did you mean "slow-processes"?'),
        ],
        ids=["missing", "broken", "without theme", "unknown theme"],
    )
    def test_a_wrong_set_is_told(self, triage: Triage, tmp_path: Path, content: str | None, says: str):
        if content is not None:
            (tmp_path / "set.jsonl").write_text(content, encoding="utf-8")
        ran = triage("eval", "set.jsonl")
        assert (ran.code, ran.out) == (1, "")
        assert says in ran.err
        assert "Traceback" not in ran.err

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (None, "answers.jsonl:1: cannot be read"),
            ('{"id": "a"}\n', "answers.jsonl:1: is no outcome"),
            ("\n", "answers.jsonl:1: has no outcome for "),
        ],
        ids=["missing", "broken", "too few"],
    )
    def test_wrong_answers_are_told(self, triage: Triage, tmp_path: Path, content: str | None, says: str):
        if content is not None:
            (tmp_path / "answers.jsonl").write_text(content, encoding="utf-8")
        ran = triage("eval", str(DEV), "--answers", "answers.jsonl")
        assert (ran.code, ran.out) == (1, "")
        assert says in ran.err


class TestKnowledge:
    def test_checked_extended_and_checked_again(self, triage: Triage, tmp_path: Path):
        folder = copytree(packaged_knowledge(), tmp_path / "mine")
        clean = triage("knowledge", "check", "mine")
        assert (clean.code, clean.err) == (0, "")
        assert "90 barriers" in clean.out

        new = triage("knowledge", "new", "slow-processes", "mine")
        assert new.code == 0
        assert Path(new.out.split(":")[0]).name == "ORG-21.yaml"

        broken = triage("knowledge", "check", "mine")
        assert broken.code == 1
        assert all(line.startswith("mine/barriers/ORG-21.yaml:") for line in broken.out.splitlines())
        assert "The current index is unchanged." in broken.err

        (folder / "schema" / "barrier.json").write_text("{}", encoding="utf-8")
        assert triage("knowledge", "schema", "mine").code == 0
        assert (folder / "schema" / "barrier.json").read_bytes() == (
            packaged_knowledge() / "schema" / "barrier.json"
        ).read_bytes()

    def test_the_projects_own_is_clean(self, triage: Triage):
        assert triage("knowledge", "check").code == 0

    def test_a_folder_without_knowledge_is_told(self, triage: Triage, tmp_path: Path):
        (tmp_path / "empty").mkdir()
        for command in (("schema", "empty"), ("schema", "nowhere"), ("new", "slow-processes", "nowhere")):
            ran = triage("knowledge", *command)
            assert (ran.code, ran.err.count("\n")) == (1, 1), command
            assert "No knowledge folder at" in ran.err

    def test_where_nothing_may_be_written_is_told(self, triage: Triage, tmp_path: Path):
        folder = copytree(packaged_knowledge(), tmp_path / "mine")
        rmtree(folder / "schema")
        (folder / "schema").write_text("in the way", encoding="utf-8")
        rmtree(folder / "barriers")
        (folder / "barriers").write_text("in the way", encoding="utf-8")
        new = triage("knowledge", "new", "slow-processes", "mine")
        (folder / "barriers").unlink()
        (folder / "barriers").mkdir()
        schema = triage("knowledge", "schema", "mine")
        for ran in (new, schema):
            assert ran.code == 1
            assert "Cannot write to mine" in ran.err
            assert "Nothing was changed." in ran.err

    def test_an_installations_own_files_are_not_written_to(
        self, triage: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        installed = copytree(packaged_knowledge(), tmp_path / "bot" / "packaged" / "knowledge")
        monkeypatch.setattr(knowledge, "packaged_knowledge", lambda: installed)
        monkeypatch.setattr("bot.settings.packaged_knowledge", lambda: installed)
        before = sorted(file.name for file in installed.rglob("*"))
        for command in (("new", "slow-processes"), ("schema",), ("schema", str(installed))):
            ran = triage("knowledge", *command)
            assert ran.code == 2
            assert "TRIAGE_KNOWLEDGE" in ran.err
        assert sorted(file.name for file in installed.rglob("*")) == before

    def test_a_folder_of_ones_own_is_checked_and_indexed(
        self, triage: Triage, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
    ):
        folder = copytree(packaged_knowledge(), tmp_path / "mine")
        barrier = folder / "barriers" / "ORG-08.yaml"
        text = barrier.read_text(encoding="utf-8")
        name = next(line for line in text.splitlines() if line.startswith("name:"))
        barrier.write_text(text.replace(name, "name: The board meets too seldom"), encoding="utf-8")
        monkeypatch.setenv("TRIAGE_HOME", str(own_home))
        monkeypatch.setenv("TRIAGE_KNOWLEDGE", str(folder))
        assert triage("knowledge", "check").code == 0
        assert "barriers/ORG-08.yaml" in triage("index", "status").said
        assert "ORG-08: name" in triage("index", "diff").said

    def test_an_unknown_theme_or_folder_is_told(self, triage: Triage):
        unknown = triage("knowledge", "new", "slow-process", str(packaged_knowledge()))
        assert unknown.code == 1
        assert 'did you mean "slow-processes"?' in unknown.err
        missing = triage("knowledge", "check", "nowhere")
        assert missing.code == 1
        assert "No knowledge folder at" in missing.err


def _acts(lines: list[str]) -> list[str]:
    """The lines of the history that begin an act."""
    return [line for line in lines if line.startswith("20")]


class TestIndex:
    def test_status_diff_and_refresh_of_what_is_current(
        self, triage: Triage, own_home: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("TRIAGE_HOME", str(own_home))
        status = triage("index", "status")
        assert status.code == 0
        assert "90 barriers" in status.said
        assert "The knowledge files are as they were when it was built." in status.said
        assert triage("index", "diff").out == (
            "No barrier, question or other record differs.\n47 of the study's 47 codes lead to a barrier.\n"
        )
        assert "Nothing to build: " in triage("index", "refresh").out
        assert sorted(entry.name for entry in (own_home / "index").iterdir() if entry.name.isdecimal()) == ["1"]

    def test_refreshed_promoted_rolled_back_and_remembered(
        self, triage: Triage, spawn: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        small = write_small(tmp_path / "knowledge")
        where = {"TRIAGE_HOME": str(tmp_path / "home"), "TRIAGE_KNOWLEDGE": str(small.path)}
        for name, value in where.items():
            monkeypatch.setenv(name, value)
        assert "Index 1 serves now." in triage("index", "refresh").out
        small.edit("barriers/ORG-01.yaml", "name: Trouble", "name: Really, trouble")
        proposed = triage("index", "refresh")
        assert proposed.code == 0
        for said in (
            "changed ORG-01: name",
            "Index 2 was built beside index 1",
            "in scope: kept",
            "lets index 2 through",
        ):
            assert said in proposed.said
        assert proposed.err == "Index 2 waits: triage index promote 2, or triage index discard.\n"
        assert "Index 2 waits" in triage("index", "status").said
        assert triage("index", "promote", "3").err.startswith("Index 3 does not wait; index 2 does.")
        assert triage("index", "promote").out == "Index 2 serves now.\n"
        assert "Really, trouble" in spawn("ask", "ORG-01 hurts on mondays", **where).out
        assert triage("index", "rollback").out == "Index 1 serves, in the place of 2.\n"
        assert "Really" not in spawn("ask", "ORG-01 hurts on mondays", **where).out
        assert triage("index", "rollback").code == 1
        assert "Index 3 serves now." in triage("index", "refresh", "--yes").out
        assert triage("index", "discard").err.startswith("No index waits")
        history = triage("index", "history").out.splitlines()
        whats = ("promoted", "proposed", "rolled back", "promoted", "proposed", "promoted", "proposed")
        assert [what in line for what, line in zip(whats, _acts(history), strict=True)] == [True] * 7, history

    def test_what_the_gate_stops_is_told_and_needs_a_reason(
        self, triage: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        small = write_small(tmp_path / "knowledge")
        monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("TRIAGE_KNOWLEDGE", str(small.path))
        assert triage("index", "refresh", "--yes").code == 0
        swapped = (
            {"kind": "vague", "text": "a pizza please", "themes": ["slow-processes", "business-value"]},
            {"kind": "out_far", "text": "our model is in a notebook and nobody deploys it"},
        )
        small.write("training/scope.jsonl", "".join(f"{json.dumps(line)}\n" for line in swapped))
        stopped = triage("index", "refresh", "--yes")
        assert stopped.code == 1, stopped.out
        assert "The gate stops index 2: " in stopped.said
        assert "triage index promote 2 --reason" in stopped.err
        refused = triage("index", "promote")
        assert (refused.code, refused.out) == (1, "")
        assert "loses more than the gate lets through" in refused.err
        assert triage("index", "promote", "--reason", "because").err.startswith("The reason is kept for others")
        assert (
            triage("index", "promote", "--reason", "the set is being mended").out
            == "Index 2 serves now, against the gate.\n"
        )
        history = json.loads(triage("index", "history", "--json").out.splitlines()[0])
        assert history["what"] == "index promoted against the gate"
        assert history["details"]["reason"] == "the set is being mended"
        assert "the set is" in triage("index", "history").said

    def test_without_an_index_the_way_to_one_is_told(
        self, triage: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "empty"))
        ran = triage("index", "status")
        assert (ran.code, ran.out) == (1, "")
        assert "Build one: triage index refresh" in ran.err


class TestBugs:
    def test_a_bug_becomes_a_reference_and_its_trace_is_kept(
        self, triage: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        def broken() -> None:
            raise RuntimeError("the inside of it")

        monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
        monkeypatch.setattr(ask, "open_bot", broken)
        ran = triage("ask", SLOW)
        assert (ran.code, ran.out) == (1, "")
        assert "the inside of it" not in ran.err
        assert "Traceback" not in ran.err
        reference = ran.err.split("(reference ")[1][:8]
        log = (tmp_path / "home" / "errors.log").read_text(encoding="utf-8")
        assert reference in log
        assert "RuntimeError: the inside of it" in log

    def test_a_bug_where_nothing_can_be_written_still_has_a_reference(
        self, triage: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        def broken() -> None:
            raise RuntimeError("the inside of it")

        (tmp_path / "file").write_bytes(b"")
        monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "file" / "home"))
        monkeypatch.setattr(ask, "open_bot", broken)
        ran = triage("ask", SLOW)
        assert ran.code == 1
        assert "its trace could not be kept" in ran.err

    def test_interrupted_in_the_middle(self, triage: Triage, monkeypatch: pytest.MonkeyPatch):
        def interrupted() -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(ask, "open_bot", interrupted)
        ran = triage("ask", SLOW)
        assert (ran.code, ran.out) == (130, "")
        assert ran.err.strip() == "Interrupted. Nothing was changed."

    def test_version_and_help(self, triage: Triage):
        assert triage("--version") == Ran(0, f"triage {__version__}\n", "")
        assert triage("ask", "--help").code == 0


NO_NETWORK = """
import os, socket
def refuse(self, address, *rest):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        os.write(2, f"connects to {address}".encode())
        os._exit(97)
    return original(self, address, *rest)
def refuse_name(*asked, **rest):
    os.write(2, f"looks up {asked}".encode())
    os._exit(97)
original = socket.socket.connect
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = refuse_name
"""
TRACED = {"LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "x"}
RETRIEVE = """
from bot.wiring import encoder_of, open_index
from bot.settings import load_settings
settings = load_settings()
encoder = encoder_of(settings)
version = open_index(settings, encoder).versions.open_current()
from bot.retrieval.langchain import KnowledgeRetriever
retriever = KnowledgeRetriever(retriever=version.retriever(encoder), limit=5)
documents = retriever.invoke("releases wait for the approval board")
from langchain_core.tracers.langchain import wait_for_all_tracers
wait_for_all_tracers()
print(len(documents), documents[0].metadata["barrier"])
"""


class TestInAProcessOfItsOwn:
    def test_ask_connects_nowhere_whatever_tracing_is_asked_for(self, spawn: Triage):
        ran = spawn("ask", "--explain", stdin=SLOW, program=NO_NETWORK + PROGRAM, **TRACED)
        assert (ran.code, ran.err) == (0, "")
        assert "This week" in ran.out
        assert "How I got there" in ran.out

    def test_the_retriever_connects_nowhere_either(self, spawn: Triage):
        ran = spawn(program=NO_NETWORK + RETRIEVE, **TRACED)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith("5 ")

    def test_it_would_if_tracing_were_switched_on(self, spawn: Triage):
        ran = spawn(program=NO_NETWORK + RETRIEVE, TRIAGE_TRACING="true", **TRACED)
        assert ran.code == 97
        assert "langchain" in ran.err or "langsmith" in ran.err

    def test_batch_through_a_pipe_without_utf8(self, spawn: Triage):
        lines = (
            "\n".join(json.dumps({"id": n, "text": SLOW.replace("board", "board’s 😤 team")}) for n in range(2))
            + "\nnope\n"
        )
        ran = spawn("ask", "--batch", "-", stdin=lines, PYTHONIOENCODING="ascii")
        assert ran.code == 1
        assert [fields(line) for line in ran.out.splitlines()] == [(0, "answer"), (1, "answer")]
        assert ran.err.splitlines()[0].startswith("line 3: it is no JSON object.")
        assert ran.err.splitlines()[1] == "1 of the lines could not be answered; the others were."

    def test_control_c_ends_a_chat_with_a_sentence(self, home: Path, tmp_path: Path):
        chat = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "chat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=bare_environment(home, tmp_path) | {"PYTHONUNBUFFERED": "1"},
            cwd=tmp_path,
        )
        with chat:
            assert chat.stdin
            assert chat.stdout
            assert b"What holds your team back?" in chat.stdout.readline()
            chat.send_signal(signal.SIGINT)
            _, err = chat.communicate(timeout=20)
        assert chat.returncode == 130
        assert err.decode().strip() == "Interrupted. Nothing was changed."

    @pytest.mark.parametrize("command", ["ask", "chat", "ask --batch -"])
    def test_a_closed_standard_input_is_no_accident(self, command: str, home: Path, tmp_path: Path):
        ran = subprocess.run(
            ["sh", "-c", f'exec "$0" -c "$1" {command} <&-', sys.executable, PROGRAM],
            env=bare_environment(home, tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert ran.returncode == (0 if command == "chat" else 2)
        assert "Something went wrong" not in ran.stderr

    def test_a_reader_that_leaves_early_ends_it_quietly(self, home: Path, tmp_path: Path):
        ran = subprocess.run(
            ["sh", "-c", '("$0" -c "$1" ask --more "$2"; echo "code $?" >&2) | true', sys.executable, PROGRAM, SLOW],
            env=bare_environment(home, tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert ran.stderr == "code 141\n"

    def test_an_index_that_may_only_be_read_is_served(self, own_home: Path, tmp_path: Path):
        ran = self._read_only(own_home, tmp_path, "ask", SLOW)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert "Approval and change processes" in ran.stdout
        assert not list(tmp_path.glob("triage-index-*"))
        refused = self._read_only(own_home, tmp_path, "index", "refresh")
        assert refused.returncode == 1
        assert "Cannot write to" in refused.stderr

    def test_a_full_disk_is_not_called_damage(self, own_home: Path, tmp_path: Path):
        full = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (0, 0)); "
        ran = subprocess.run(
            [sys.executable, "-c", full + PROGRAM, "ask", SLOW], env=bare_environment(own_home, tmp_path),
            cwd=tmp_path, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert ran.returncode == 1
        assert (
            "Chroma must write to its folder or to the temporary one (No usable temporary directory found)"
            in ran.stderr
        )
        assert "damaged" not in ran.stderr
        assert sorted(entry.name for entry in (own_home / "index").iterdir() if entry.name.isdecimal()) == ["1"]

    def _read_only(self, own_home: Path, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        if os.geteuid() == 0 and shutil.which("setpriv") is None:
            pytest.skip("root may write anywhere, and there is no setpriv to take that away")
        for entry in (own_home, *own_home.rglob("*")):
            entry.chmod(0o555 if entry.is_dir() else 0o444)
        unprivileged = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-all") if os.geteuid() == 0 else ()
        try:
            return subprocess.run(
                [*unprivileged, sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                env=bare_environment(own_home, tmp_path) | {"TMPDIR": str(tmp_path)}, cwd=tmp_path,
            )  # fmt: skip
        finally:
            for entry in (own_home, *own_home.rglob("*")):
                entry.chmod(0o755 if entry.is_dir() else 0o644)
