"""Answer -> Guidance with Citations."""

from bot.guidance.composer import compose
from bot.guidance.guidance import BarrierLine, Citation, Cited, Guidance, StudySays

__all__ = ["BarrierLine", "Citation", "Cited", "Guidance", "StudySays", "compose"]
