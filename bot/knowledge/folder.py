"""A knowledge folder as it was read: every file, whole or broken, and the ids that exist in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.knowledge.files import Broken, File, Problem, read_file, with_lent
from bot.knowledge.models import BannedClaims, Barrier, Plays, Questions, Record, Scope, Sources, Themes
from bot.knowledge.schema import SHAPES
from bot.sentences import did_you_mean

ID = re.compile(r"""\bid:\s*["']?([\w-]+)""")
LENDABLE = frozenset(
    {
        "name",
        "summary",
        "devops",
        "era",
        "editorial",
        "root_causes",
        "good_looks_like",
        "fixed_when",
        "evidence",
        "tools",
    }
)
MESSAGE_FILES = ("messages.jsonl", "real.jsonl", "contrast.jsonl", "scope.jsonl")
BASE_FILES = tuple(f"{name}.yaml" for name in ("themes", "questions", "scope", "plays", "banned_claims"))
"""Of which a whole knowledge base has one each, and an overlay none."""
EXPECTED = {
    *(f"{name}.yaml" for name in SHAPES if name != "barrier"),
    *(f"schema/{name}.json" for name in SHAPES),
    *(f"training/{name}" for name in MESSAGE_FILES),
}


@dataclass(frozen=True)
class Folder:
    path: Path
    barriers: tuple[File[Barrier] | Broken, ...]
    themes: File[Themes] | Broken
    sources: File[Sources] | Broken
    questions: File[Questions] | Broken
    scope: File[Scope] | Broken
    plays: File[Plays] | Broken
    banned_claims: File[BannedClaims] | Broken
    is_overlaid: bool = False
    """An organisation's own is laid over it: it may leave codes of the study without a barrier."""

    @property
    def files(self) -> tuple[File[Record] | Broken, ...]:
        lists = (self.themes, self.sources, self.questions, self.scope, self.plays, self.banned_claims)
        return (*self.barriers, *lists)

    @cached_property
    def whole_barriers(self) -> tuple[File[Barrier], ...]:
        return tuple(file for file in self.barriers if isinstance(file, File))

    @cached_property
    def by_id(self) -> dict[str, File[Barrier]]:
        """Only barriers whose file bears their name: a wrong id has one consequence, not many."""
        return {file.record.id: file for file in self.whole_barriers if file.path.stem == file.record.id}

    @cached_property
    def damaged(self) -> frozenset[str]:
        """Barriers of which something could not be read: what they lack may yet stand in the file."""
        return frozenset(file.path.stem for file in self.barriers if file.problems)

    @cached_property
    def barrier_ids(self) -> frozenset[str]:
        return frozenset(file.path.stem for file in self.barriers) | {b.record.id for b in self.whole_barriers}

    @cached_property
    def theme_ids(self) -> frozenset[str] | None:
        themes = self.themes.record.themes if isinstance(self.themes, File) else ()
        return _ids_in(self.themes, (theme.id for theme in themes))

    @cached_property
    def source_ids(self) -> frozenset[str] | None:
        sources = self.sources.record.sources if isinstance(self.sources, File) else ()
        return _ids_in(self.sources, (source.id for source in sources))

    def unknown_barrier(self, barrier_id: str) -> str:
        """Return the sentence if there is no such barrier, else nothing."""
        if barrier_id in self.barrier_ids:
            return ""
        return f'barrier "{barrier_id}" is unknown{did_you_mean(barrier_id, sorted(self.barrier_ids))}'

    def unknown_theme(self, theme_id: str) -> str:
        """Return the sentence if there is no such theme, else nothing."""
        if self.theme_ids is None or theme_id in self.theme_ids:
            return ""
        way_out = did_you_mean(theme_id, sorted(self.theme_ids)) or f"; the themes are in {self.themes.path}"
        return f'theme "{theme_id}" is unknown{way_out}'


def _ids_in(file: File[Record] | Broken, ids: Iterable[str]) -> frozenset[str] | None:
    """Return the ids that a file has. Of a damaged one also those that its text names; None if nobody can tell."""
    known = frozenset(ids)
    if file.problems:
        return known.union(ID.findall(file.text)) or None
    return known


def read_folder(path: Path) -> Folder:
    return Folder(
        path,
        barriers=read_barriers(path),
        themes=read_file(path / "themes.yaml", Themes),
        sources=read_file(path / "sources.yaml", Sources),
        questions=read_file(path / "questions.yaml", Questions),
        scope=read_file(path / "scope.yaml", Scope),
        plays=read_file(path / "plays.yaml", Plays),
        banned_claims=read_file(path / "banned_claims.yaml", BannedClaims),
    )


def read_barriers(path: Path) -> tuple[File[Barrier] | Broken, ...]:
    read = [read_file(file, Barrier) for file in sorted(path.glob("barriers/*.yaml"))]
    donor = next((file.record for file in read if isinstance(file, File) and not file.problems), None)
    if donor is None:
        return tuple(read)
    return tuple(with_lent(file, Barrier, donor, LENDABLE) if isinstance(file, Broken) else file for file in read)


def stray_files(path: Path, expected: Collection[str] = EXPECTED) -> Iterator[Problem]:
    """Files that nothing reads: a barrier called ORG-08.yml would be missing without a word."""
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path)
        hidden = any(part.startswith(".") for part in name.parts)
        barrier = name.parent == Path("barriers") and name.suffix == ".yaml"
        if file.is_dir() or hidden or barrier or name.as_posix() in expected:
            continue
        renamed = "rename it to .yaml" if name.suffix in {".yml", ".YAML", ".YML"} else "remove it"
        yield Problem(file, 1, f"nothing reads this file; {renamed}")
