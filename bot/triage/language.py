"""Whether a message is English, the one language the ranking learnt from."""

# The library behind this module has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SURE = 0.5
ENGLISH = "en"
_COMMON = frozenset(
    "the and to of is it we our i a in that for not on with have are be this they no my but so what how do don't "  # noqa: SIM905
    "can't it's was at as or if us from has you an".split()
)


def foreign_language(text: str) -> str | None:
    """Return the ISO 639-1 code of a language other than English, None for English or where it cannot be told."""
    words = text.lower().replace("’", "'").split()
    # Loading the model takes as long as ranking; every fifth word of plain English is one of these.
    if sum(word in _COMMON for word in words) * 5 >= len(words):
        return None
    try:
        code, probability = _identifier().classify(text)
    except OSError:  # it unpacks its model to a temporary file; a full disk must not cost the answer
        return None
    return str(code) if code != ENGLISH and probability >= SURE else None


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
