"""Files -> Knowledge: what a barrier is, how its file is read, what is checked before it is relied on."""

from bot.knowledge.authoring import BarrierAuthor
from bot.knowledge.files import Problem
from bot.knowledge.load import Reading, check_knowledge, load_knowledge, packaged_knowledge, read_knowledge
from bot.knowledge.messages import ContrastMessage, LearningMessage, Messages, RealMessage, ScopeMessage, read_messages
from bot.knowledge.models import (
    Barrier,
    Choice,
    Dimension,
    Knowledge,
    Play,
    Question,
    ScopeReply,
    Source,
    Theme,
)
from bot.knowledge.new import new_barrier
from bot.knowledge.overlay import is_overlay
from bot.knowledge.schema import schemas, stale_schemas, write_schemas

__all__ = [
    "Barrier",
    "BarrierAuthor",
    "Choice",
    "ContrastMessage",
    "Dimension",
    "Knowledge",
    "LearningMessage",
    "Messages",
    "Play",
    "Problem",
    "Question",
    "Reading",
    "RealMessage",
    "ScopeMessage",
    "ScopeReply",
    "Source",
    "Theme",
    "check_knowledge",
    "is_overlay",
    "load_knowledge",
    "new_barrier",
    "packaged_knowledge",
    "read_knowledge",
    "read_messages",
    "schemas",
    "stale_schemas",
    "write_schemas",
]
