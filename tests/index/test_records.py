from __future__ import annotations

from bot.index.records import IndexRecord, records_of
from bot.knowledge import Knowledge
from tests.index.desk import Desk


def records(knowledge: Knowledge, barrier: str) -> list[IndexRecord]:
    return [record for record in records_of(knowledge) if record.barrier == barrier]


def test_a_barrier_gives_its_card_its_symptoms_and_its_steps(original: Desk):
    found = records(original.open().knowledge, "ORG-01")
    assert [record.id for record in found] == [
        "ORG-01/card",
        *(f"ORG-01/symptom/{place}" for place in range(7)),
        "ORG-01/step/0",
        "ORG-01/step/1",
    ]
    assert [record.kind for record in found] == ["card", *["symptom"] * 7, "step", "step"]
    assert found[0].text == "Trouble ORG-01. Something holds ORG-01 back. How do we mend it?"
    assert found[1].text == "ORG-01 hurts on mondays"
    assert found[9].text == "Mend it."


def test_every_record_has_an_id_of_its_own_and_a_text(bot):
    found = records_of(bot.version.knowledge)
    assert len({record.id for record in found}) == len(found)
    assert {record.barrier for record in found} == set(bot.version.knowledge.barrier_by_id)
    assert all(record.text.strip() for record in found)
