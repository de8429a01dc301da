"""Answer -> Guidance with Citations, ShortList -> Listed."""

from bot.guidance.composer import compose, listed
from bot.guidance.guidance import BarrierLine, Citation, Cited, Guidance, Listed, StudySays

__all__ = ["BarrierLine", "Citation", "Cited", "Guidance", "Listed", "StudySays", "compose", "listed"]
