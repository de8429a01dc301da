from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.bot import Bot
from bot.clock import today
from bot.guidance.outline import OWN as NAMED_SO
from bot.guidance.outline import outline
from bot.index.index import Index
from bot.index.source import changed_files, fingerprint
from bot.knowledge import Knowledge, load_knowledge, packaged_knowledge, read_knowledge
from bot.retrieval.encoder import Encoder
from bot.triage import Message
from tests.conftest import TODAY
from tests.index.desk import silent
from tests.knowledge.overlays import OWN, barrier, write_overlay


def problems(folder: Path) -> list[str]:
    found = read_knowledge(folder, TODAY).problems
    return [f"{Path(p.path).name}:{p.line}: {p.message}" for p in found]


@pytest.fixture(scope="module")
def base() -> Knowledge:
    return load_knowledge(packaged_knowledge(), TODAY)


def test_barriers_are_added_beside_the_projects(tmp_path: Path, base: Knowledge):
    laid = load_knowledge(write_overlay(tmp_path / "own", "ACME-01", "ACME-02"), TODAY)
    assert laid.barrier_by_id.keys() - base.barrier_by_id.keys() == {"ACME-01", "ACME-02"}
    assert laid.barrier_by_id["ORG-08"] == base.barrier_by_id["ORG-08"]
    assert laid.barrier_by_id["ACME-01"].provenance == "organisation"


def test_links_are_whole_where_the_overlay_names_one_end(tmp_path: Path):
    folder = write_overlay(
        tmp_path / "own", "ACME-01", confusable_with=["TEC-24"], leads_to=["OPS-10"],
        caused_by=[{"id": "TEC-01", "why": "it begins there"}],
    )  # fmt: skip
    laid = load_knowledge(folder, TODAY).barrier_by_id
    assert "ACME-01" in laid["TEC-24"].confusable_with
    assert "ACME-01" in laid["TEC-01"].leads_to
    assert [cause.why for cause in laid["OPS-10"].caused_by if cause.id == "ACME-01"] == [f"{OWN['ACME-01'][0]}."]


def test_a_barrier_is_replaced_by_its_id_and_keeps_its_links(tmp_path: Path, base: Knowledge):
    before = base.barrier_by_id["ORG-08"]
    folder = write_overlay(tmp_path / "own", "ORG-08")
    laid = load_knowledge(folder, TODAY).barrier_by_id
    after = laid["ORG-08"]
    assert (after.name, after.provenance, after.study_codes) == ("Our own ORG-08", "organisation", ())
    assert set(after.confusable_with) == set(before.confusable_with)
    assert {cause.id for cause in after.caused_by} == {cause.id for cause in before.caused_by}
    assert set(after.leads_to) == set(before.leads_to)


def test_a_barrier_that_is_switched_off_is_nowhere(tmp_path: Path, base: Knowledge):
    named_in = {
        "a question": next(q.choices[0].barriers[0] for q in base.questions if len(q.choices) == 2),
        "a play": base.plays[0].barriers[0],
        "a reply": next(reply.barriers[0] for reply in base.scope.replies if reply.barriers),
        "a link": base.barrier_by_id["ORG-08"].confusable_with[0],
    }
    gone = tuple(dict.fromkeys(named_in.values()))
    reading = read_knowledge(write_overlay(tmp_path / "own", off=gone), TODAY)
    assert reading.problems == ()
    assert reading.knowledge is not None and reading.messages is not None
    ids = reading.knowledge.model_dump_json()
    messages = repr(reading.messages)
    for id in gone:
        assert f'"{id}"' not in ids
        assert f"'{id}'" not in messages


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"provenance": "extension"}, "ACME-01.yaml:5: what an organisation adds is its own; write organisation"),
        ({"study_codes": ["Slow processes"]}, "has no study codes"),
        ({"sources": ["R01"]}, "this is an organisation's own; do not cite R01 for it"),
        ({"sources": ["ACME01"]}, "source ACME01 is not in "),
        ({"theme": "slow-process"}, 'did you mean "slow-processes"?'),
        ({"confusable_with": ["ORG-88"]}, 'barrier "ORG-88" is unknown'),
        ({"symptoms": ["one", "two"]}, "symptoms"),
        ({"summary": "87% of models never reach production."}, "ACME-01.yaml"),
        ({"summary": "The study shows that ships sink."}, "ACME-01.yaml"),
    ],
)
def test_the_same_checks_hold(tmp_path: Path, changed: dict[str, object], says: str):
    found = problems(write_overlay(tmp_path / "own", "ACME-01", **changed))
    assert any(says in problem for problem in found), found
    assert all(problem.startswith("ACME-01.yaml:") for problem in found), found


def test_what_is_wrong_with_its_other_files_is_told_at_its_line(tmp_path: Path):
    folder = write_overlay(tmp_path / "own", "ORG-08", off=("ORG-08", "ORG-88"))
    (folder / "ACME-02.yml").write_text(barrier("ACME-02"), encoding="utf-8")
    (folder / "training").mkdir()
    (folder / "training" / "messages.jsonl").write_text(
        '{"barrier": "ACME-09", "theme": "slow-processes", "text": "a"}\n', encoding="utf-8"
    )
    source = {"authors": "A", "year": "2026", "title": "T", "venue": "our wiki", "url": "https://wiki.example.org/1"}
    source |= {"id": "R01", "evidence_for": "that it is so", "status": "read"}
    (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": [source]}), encoding="utf-8")
    found = problems(folder)
    begins = (
        "ACME-02.yml:1: nothing reads this file; rename it to .yaml",
        "sources.yaml:4: source R01 is there already; choose another id",
        "switched_off.yaml:2: ORG-08 is replaced by a file of yours, too; do one or the other",
        'switched_off.yaml:3: barrier "ORG-88" is none of the project\'s; did you mean',
        'messages.jsonl:1: barrier "ACME-09" is unknown',
    )
    assert len(found) == len(begins), found
    assert [problem.startswith(begin) for problem, begin in zip(found, begins, strict=True)] == [True] * 5, found


def test_its_own_sources_are_cited(tmp_path: Path):
    folder = write_overlay(tmp_path / "own", "ACME-01", sources=["ACME01", "R03"])
    source = {"authors": "A", "year": "2026", "title": "T", "venue": "our wiki", "url": "https://wiki.example.org/1"}
    source |= {"id": "ACME01", "evidence_for": "that it is so", "status": "read"}
    (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": [source]}), encoding="utf-8")
    assert load_knowledge(folder, TODAY).source_by_id["ACME01"].venue == "our wiki"


def test_an_empty_folder_is_an_overlay_that_changes_nothing(tmp_path: Path, base: Knowledge):
    assert load_knowledge(tmp_path, TODAY) == base


def test_organisation_is_for_overlays_alone(tmp_path: Path):
    from tests.knowledge.small import write_small

    small = write_small(tmp_path / "small")
    small.edit("barriers/ORG-01.yaml", "provenance: study-code", "provenance: organisation")
    assert any("organisation is for what an overlay adds" in problem for problem in small.problems())


def test_a_change_of_either_side_is_noticed(tmp_path: Path):
    folder = write_overlay(tmp_path / "own", "ACME-01")
    before = fingerprint(folder)
    assert before.keys() > fingerprint(packaged_knowledge()).keys()
    (folder / "barriers" / "ACME-02.yaml").write_text(barrier("ACME-02"), encoding="utf-8")
    assert changed_files(before, fingerprint(folder)) == ("overlay/barriers/ACME-02.yaml",)


def test_a_new_barrier_is_found_by_paraphrases_of_its_seven_symptoms(tmp_path: Path, encoder: Encoder):
    folder = write_overlay(tmp_path / "own", *OWN)
    version = Index(tmp_path / "home", folder, encoder).open(TODAY, silent, lambda _sentence: None)
    bot = Bot(version, encoder, today)
    found = {}
    for id, (_, _, symptoms, paraphrases) in OWN.items():
        for text in paraphrases:
            assert text not in symptoms
            reply = bot.reply(Message(text))
            found[text] = reply.explanation.ranking.barriers[0].id == id
            if reply.guidance is not None and reply.guidance.barrier.id == id:
                assert outline(reply.guidance, more=False).place.endswith(NAMED_SO)
                assert any("your organisation wrote it" in row.text for row in outline(reply.guidance, more=True).rows)
    version.close()
    assert sum(found.values()) >= 9, found
