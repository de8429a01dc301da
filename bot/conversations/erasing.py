"""Taking words out again: those of turns, of their messages, and of the copies of them that were shared."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversations.turns import erased
from bot.store import Turns
from bot.store.tables import Erasure
from bot.store.turns import AT_ONCE


async def erase(turns: Turns, ids: Sequence[str], why: Erasure) -> None:
    """Labels and counts stay; texts, and the answers that quote them, do not."""
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        every = {*some, *await turns.copies_of(some)}
        await turns.erase_texts(every)
        for turn in await turns.all_locked(every):
            await turns.save(erased(turn, why))
