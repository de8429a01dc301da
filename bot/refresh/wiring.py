"""Settings -> what proposes."""

from __future__ import annotations

from bot.clock import utc_now
from bot.evaluation import gate_sets, read_labelled
from bot.index.version_store import LOCK_WAIT_S
from bot.refresh.proposing import Proposer
from bot.settings import Settings
from bot.wiring import encoder_of, open_index


def proposer_of(settings: Settings, lock_wait_s: float = LOCK_WAIT_S) -> Proposer:
    """Raises LabelledSetInvalid."""
    encoder = encoder_of(settings)
    labelled = [item for file in gate_sets() for item in read_labelled(file)]
    return Proposer(open_index(settings, encoder, lock_wait_s), encoder, labelled, utc_now)
