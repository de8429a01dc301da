from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.triage.language import foreign_language


@pytest.mark.parametrize(
    "text",
    [
        "idk man our stuff just keeps breaking lol",
        "prod's down again, third time this week",
        "ok so who owns drift??",
        "k8s yaml hell",
        "no clue tbh, ask Jaakko",
        "GPU quota",
        "security review takes forever",
        "Our models never reach production and nobody knows why",
        "DS team: 6 ppl, eng: 0. guess what ships",
    ],
)
def test_english_is_english_however_it_is_typed(text: str):
    assert foreign_language(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Unsere Modelle kommen nicht in Produktion, weil niemand im Betrieb Zeit dafür hat", "de"),
        ("Nos modèles restent bloqués pendant des mois avant la mise en production", "fr"),
        ("Nuestros modelos tardan meses en llegar a producción y nadie sabe por qué", "es"),
        ("Os nossos modelos demoram meses para chegar à produção e ninguém sabe o motivo", "pt"),
        ("日本語のモデルが本番に行かない", "ja"),
    ],
)
def test_another_language_is_named(text: str, code: str):
    assert foreign_language(text) == code


@settings(deadline=None, max_examples=60)
@given(text=st.one_of(st.text(max_size=40), st.sampled_from(["", "👍", "Hilfe", "ok", "don’t", "123", "\n", "ça"])))
def test_any_text_has_a_code_or_none(text: str):
    code = foreign_language(text)
    assert code is None or (len(code) == 2 and code.isalpha() and code != "en")


def test_few_english_messages_of_the_dev_set_are_taken_for_foreign():
    from tests.triage.test_dev_set import dev_lines

    taken = [line["text"] for line in dev_lines() if line["lang"] == "en" and foreign_language(line["text"])]
    assert len(taken) <= 1
    foreign = [line for line in dev_lines() if line["lang"] != "en"]
    right = sum(foreign_language(line["text"]) == line["lang"] for line in foreign)
    assert right >= 0.75 * len(foreign)
