"""Fine-tune the encoder on themes, barriers and scope.

The encoder that comes from its makers sees a message's circumstances (a hospital, Spark) as much as its trouble.
Trained on messages that sound like one theme and are another, it learns to look at the trouble; trained
on real messages, how trouble is really mixed and spread.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.optimization import get_linear_schedule_with_warmup

from bot.triage.heads import SCOPES
from bot.triage.training_examples import TrainingExample

logger = logging.getLogger(__name__)

MAX_TOKENS = 128
SCALE = 16.0  # of the cosine to a barrier's centroid
BATCH = 32
BARRIER_LOSS_SHARE = 0.5  # of an invented message; a real one's barrier counts in full
SCOPE_LOSS_SHARE = 2.0
LEARNING_RATE, HEAD_LEARNING_RATE = 4e-5, 2e-2


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


class Ranker(nn.Module):
    """What is trained: the encoder, a learnt centroid and bias a barrier, and a scope layer that is dropped afterwards.

    The bias is there because real trouble is not spread evenly over the barriers.
    """

    def __init__(self, encoder: SentenceEncoder, centroids: Tensor) -> None:
        super().__init__()
        self.encoder = encoder
        self.centroids = nn.Parameter(centroids)
        self.bias = nn.Parameter(torch.zeros(len(centroids)))
        self.scope = nn.Linear(centroids.shape[1], len(SCOPES))

    def barriers(self, vectors: Tensor) -> Tensor:
        return SCALE * vectors @ nn.functional.normalize(self.centroids, dim=1).T + self.bias


def finetune(
    examples: Sequence[TrainingExample], themes_of: dict[str, str], base: Path, *, seed: int, epochs: int = 2
) -> Ranker:
    """Train a copy of the encoder in `base` and return it in evaluation mode.

    The loss is the cross-entropy of the example's shares of themes (a barrier's probability counts for its theme) plus
    that of its shares of barriers, plus that of its scope. `themes_of` maps each barrier to its theme. About 20
    minutes for 13,500 messages on 2 cores.
    """
    torch.manual_seed(seed)
    shuffled = random.Random(seed)  # noqa: S311
    tokenizer = AutoTokenizer.from_pretrained(base)
    encoder = SentenceEncoder(base)
    targets = Targets(themes_of)
    ranker = Ranker(encoder, _centroids(encoder, tokenizer, examples, targets.barriers))
    head = [ranker.bias, *ranker.scope.parameters()]
    body = [*encoder.parameters(), ranker.centroids]
    optimizer = torch.optim.AdamW([{"params": body, "lr": LEARNING_RATE}, {"params": head, "lr": HEAD_LEARNING_RATE}])
    steps = epochs * (len(examples) // BATCH + 1)
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 20, steps)

    ranker.train()
    for epoch in range(epochs):
        for step, batch in enumerate(_batches_by_length(examples, shuffled)):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                vectors = encoder(**_tokens(tokenizer, [m.text for m in batch]))
            loss = targets.loss(ranker, vectors.float(), batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(ranker.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            if step % 50 == 0:
                logger.info("seed %s, epoch %s, step %s of %s: %.3f", seed, epoch, step, steps, loss.item())
    return ranker.eval()


def average(rankers: Sequence[Ranker]) -> Ranker:
    """Return one ranker with the mean of the weights (Wortsman et al., Model soups, ICML 2022)."""
    states = [ranker.state_dict() for ranker in rankers]
    mean = {
        name: torch.stack([s[name] for s in states]).mean(0) if weight.is_floating_point() else weight
        for name, weight in states[0].items()
    }
    rankers[0].load_state_dict(mean)
    return rankers[0]


class Targets:
    """Examples as what the loss compares with."""

    def __init__(self, themes_of: dict[str, str]) -> None:
        self.barriers = sorted(themes_of)
        self.themes = sorted(set(themes_of.values()))
        self._of_theme = torch.tensor(
            [[float(themes_of[barrier] == theme) for theme in self.themes] for barrier in self.barriers]
        )
        self._column = {barrier: column for column, barrier in enumerate(self.barriers)}

    def loss(self, ranker: Ranker, vectors: Tensor, batch: Sequence[TrainingExample]) -> Tensor:
        log_barriers = torch.log_softmax(ranker.barriers(vectors), dim=1)
        log_themes = (log_barriers.exp() @ self._of_theme).clamp(min=1e-9).log()
        barriers = torch.zeros_like(log_barriers)
        themes = torch.zeros_like(log_themes)
        for row, example in enumerate(batch):
            for barrier, share in example.shares:
                barriers[row, self._column[barrier]] = share * (1.0 if example.real else BARRIER_LOSS_SHARE)
                themes[row] += share * self._of_theme[self._column[barrier]]
            if example.theme and not example.shares:
                themes[row, self.themes.index(example.theme)] = 1.0
        weights = torch.tensor([example.weight for example in batch])
        ranked = -(weights * ((themes * log_themes).sum(1) + (barriers * log_barriers).sum(1)))
        scopes = torch.tensor([SCOPES.index(example.scope) for example in batch])
        of_scope = nn.functional.cross_entropy(ranker.scope(vectors), scopes, reduction="none")
        scope_weights = torch.tensor([_scope_weight(example) for example in batch])
        return (ranked + scope_weights * of_scope).mean()


def _scope_weight(example: TrainingExample) -> float:
    # Those in scope are ten times as many as all others together.
    if example.scope != "in":
        return SCOPE_LOSS_SHARE
    return SCOPE_LOSS_SHARE * (0.3 if example.real else 0.05)


def _batches_by_length(examples: Sequence[TrainingExample], shuffled: random.Random) -> Iterator[list[TrainingExample]]:
    # Texts of like length share a batch, so that little is padded; the noise keeps batches different each epoch.
    order = sorted(examples, key=lambda m: len(m.text) * shuffled.uniform(0.8, 1.2))
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
    examples: Sequence[TrainingExample],
    barriers: Sequence[str],
) -> Tensor:
    encoder.eval()
    sums = torch.zeros(len(barriers), 384)
    # To begin with, every fourth is enough: the centroids are learnt.
    named = sorted((m for m in examples if m.shares), key=lambda m: len(m.text))[::4]
    for start in range(0, len(named), 64):
        batch = named[start : start + 64]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = encoder(**_tokens(tokenizer, [m.text for m in batch])).float()
        for message, vector in zip(batch, vectors, strict=True):
            for barrier, share in message.shares:
                sums[barriers.index(barrier)] += share * vector
    return nn.functional.normalize(sums, dim=1)
