"""Fine-tune the ranking encoder on themes.

The encoder that comes from its makers sees a message's circumstances (a hospital, Spark) as much as its trouble.
Trained on messages that sound like one theme and are another, it learns to look at the trouble.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.optimization import get_linear_schedule_with_warmup

from bot.triage.lessons import Lesson

MAX_TOKENS = 128
SCALE = 16.0  # of the cosine; the same as the centroid view of the ranking
BATCH = 32
BARRIER_LOSS_SHARE = 0.5


class SentenceEncoder(nn.Module):
    """MiniLM, mean pooling over the attended tokens, unit length: float32 (batch, 384)."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.bert = AutoModel.from_pretrained(folder)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return nn.functional.normalize(mean, dim=1)


def finetune(
    lessons: Sequence[Lesson],
    themes_of: dict[str, str],
    base: Path,
    *,
    seed: int,
    epochs: int = 2,
    learning_rate: float = 4e-5,
) -> SentenceEncoder:
    """Train a copy of the encoder in `base` and return it in evaluation mode.

    The loss is −log of the probability summed over a theme's barriers, plus half the cross-entropy of the barrier
    where the message has one; the head (a cosine to one learnt centroid a barrier) is dropped afterwards.
    `themes_of` maps each barrier to its theme. About 9 minutes for 9,500 messages on 2 cores.
    """
    torch.manual_seed(seed)
    shuffled = random.Random(seed)  # noqa: S311
    tokenizer = AutoTokenizer.from_pretrained(base)
    encoder = SentenceEncoder(base)
    barriers = sorted(themes_of)
    themes = sorted(set(themes_of.values()))
    theme_of_barrier = torch.tensor([themes.index(themes_of[barrier]) for barrier in barriers])
    centroids = nn.Parameter(_centroids(encoder, tokenizer, lessons, barriers))
    parameters = [*encoder.parameters(), centroids]
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate)
    steps = epochs * (len(lessons) // BATCH + 1)
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 20, steps)

    encoder.train()
    for _ in range(epochs):
        for batch in _batches_by_length(lessons, shuffled):
            vectors = encoder(**_tokens(tokenizer, [m.text for m in batch]))
            logits = SCALE * vectors @ nn.functional.normalize(centroids, dim=1).T
            loss = _loss(logits, batch, barriers, themes, theme_of_barrier)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
    return encoder.eval()


def average(encoders: Sequence[SentenceEncoder]) -> SentenceEncoder:
    """One encoder with the mean of the weights (Wortsman et al., Model soups, ICML 2022)."""
    states = [encoder.state_dict() for encoder in encoders]
    mean = {
        name: torch.stack([s[name] for s in states]).mean(0) if weight.is_floating_point() else weight
        for name, weight in states[0].items()
    }
    encoders[0].load_state_dict(mean)
    return encoders[0]


def _loss(
    logits: Tensor,
    batch: Sequence[Lesson],
    barriers: Sequence[str],
    themes: Sequence[str],
    theme_of_barrier: Tensor,
) -> Tensor:
    log_p = torch.log_softmax(logits, dim=1)
    wanted = torch.tensor([themes.index(m.theme) for m in batch])
    of_theme = theme_of_barrier.unsqueeze(0) == wanted.unsqueeze(1)
    loss = -torch.logsumexp(log_p.masked_fill(~of_theme, -torch.inf), dim=1).mean()
    named = [(row, barriers.index(m.barrier)) for row, m in enumerate(batch) if m.barrier]
    if named:
        rows, columns = zip(*named, strict=True)
        loss = loss - BARRIER_LOSS_SHARE * log_p[list(rows), list(columns)].sum() / len(batch)
    return loss


def _batches_by_length(lessons: Sequence[Lesson], shuffled: random.Random) -> Iterator[list[Lesson]]:
    # Texts of like length share a batch, so that little is padded; the noise keeps batches different each epoch.
    order = sorted(lessons, key=lambda m: len(m.text) * shuffled.uniform(0.8, 1.2))
    batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    shuffled.shuffle(batches)
    yield from batches


def _tokens(tokenizer: AutoTokenizer, texts: list[str]) -> dict[str, Tensor]:
    encoded = tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
    return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}


@torch.no_grad()
def _centroids(
    encoder: SentenceEncoder,
    tokenizer: AutoTokenizer,
    lessons: Sequence[Lesson],
    barriers: Sequence[str],
) -> Tensor:
    encoder.eval()
    sums = torch.zeros(len(barriers), 384)
    named = sorted((m for m in lessons if m.barrier), key=lambda m: len(m.text))
    for start in range(0, len(named), 64):
        batch = named[start : start + 64]
        vectors = encoder(**_tokens(tokenizer, [m.text for m in batch]))
        for message, vector in zip(batch, vectors, strict=True):
            sums[barriers.index(message.barrier or "")] += vector
    return nn.functional.normalize(sums, dim=1)
