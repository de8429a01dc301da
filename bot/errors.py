"""What people can be told. Code catches the class, people read the sentence; anything else is a bug.

    TriageError
    ├── KnowledgeMissing   there is no knowledge folder here
    ├── KnowledgeInvalid   files in it are wrong, each problem at its line
    └── ThemeUnknown       a theme was named that the knowledge does not have
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.knowledge.files import Problem


class TriageError(Exception):
    """Caught in two places only: the command line and the channel."""


class KnowledgeMissing(TriageError):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"No knowledge folder at {folder}. Set TRIAGE_KNOWLEDGE to one, or leave it unset.")
        self.folder = folder


class KnowledgeInvalid(TriageError):
    def __init__(self, problems: Sequence[Problem], files: int) -> None:
        total = f"{counted(len(problems), 'problem')} in {counted(files, 'file')}. The current index is unchanged."
        super().__init__("\n".join([*map(str, problems), total]))
        self.problems = tuple(problems)
        self.files = files


class ThemeUnknown(TriageError):
    def __init__(self, theme: str, themes: Sequence[str]) -> None:
        way_out = did_you_mean(theme, themes) or f"; use one of: {', '.join(themes)}"
        super().__init__(f'theme "{theme}" is unknown{way_out}')
        self.theme = theme


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence: the known word nearest to a misspelt one, or nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
