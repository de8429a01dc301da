"""Just enough PNG to cut a screenshot to its content and store it with 256 colours, a third of the size."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 6: 4}  # colour type: bytes a pixel
Pixels = NDArray[np.uint8]


def shrink(png: bytes, height: int) -> bytes:
    """The first `height` rows, in 256 colours."""
    pixels = decode(png, height).astype(np.int32)
    colours, where, counts = np.unique(pixels @ [1 << 16, 1 << 8, 1], return_inverse=True, return_counts=True)
    split = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    palette = _palette(split[np.argsort(-counts, kind="stable")])
    nearest = np.array([np.abs(palette - colour).sum(axis=1).argmin() for colour in split], dtype=np.uint8)
    return encode(nearest[where].reshape(pixels.shape[:2]), palette.astype(np.uint8))


def _palette(colours: NDArray[np.int32]) -> NDArray[np.int32]:
    """Of colours in order of use the first, and those far enough from each before: as near as 256 of them allow."""
    apart = 0
    while True:
        left, chosen = colours, list[NDArray[np.int32]]()
        while len(left) and len(chosen) <= 256:
            chosen.append(left[0])
            left = left[np.abs(left - left[0]).sum(axis=1) > apart]
        if len(chosen) <= 256:
            return np.array(chosen)
        apart += 6


def encode(indexed: Pixels, palette: Pixels) -> bytes:
    height, width = indexed.shape
    rows = zlib.compress(np.pad(indexed, ((0, 0), (1, 0))).tobytes(), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = [(b"IHDR", header), (b"PLTE", palette.tobytes()), (b"IDAT", rows), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in parts)


def decode(png: bytes, height: int) -> Pixels:
    """Height x width x RGB; transparency is left out."""
    if not png.startswith(SIGNATURE):
        raise ValueError("not a PNG file")
    header, packed, at = b"", b"", len(SIGNATURE)
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        body = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            header = body
        elif kind == b"IDAT":
            packed += body
        at += size + 12
    width, full, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if depth != 8 or colour not in CHANNELS or interlaced:
        raise ValueError("only plain RGB and RGBA pictures are read")
    step = CHANNELS[colour]
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(full, 1 + width * step)[:height]
    pixels = np.zeros((len(rows), width, step), np.uint8)
    above = np.zeros((width, step), np.uint8)
    for row, out in zip(rows, pixels, strict=True):
        out[:] = above = _unfilter(int(row[0]), row[1:].reshape(width, step), above)
    return pixels[..., :3]


def _unfilter(kind: int, row: Pixels, above: Pixels) -> Pixels:
    if kind == 0:
        return row
    if kind == 1:
        return np.cumsum(row, axis=0, dtype=np.uint8)
    if kind == 2:
        return row + above
    guess = _average if kind == 3 else _paeth
    columns = [_unfilter_slowly(row[:, c].tolist(), above[:, c].tolist(), guess) for c in range(row.shape[1])]
    return np.array(columns, dtype=np.uint8).T


def _unfilter_slowly(row: list[int], above: list[int], guess: Callable[[int, int, int], int]) -> list[int]:
    done: list[int] = []
    left = corner = 0
    for value, up in zip(row, above, strict=True):
        left = (value + guess(left, up, corner)) & 255
        corner = up
        done.append(left)
    return done


def _average(left: int, up: int, _: int) -> int:
    return (left + up) // 2


def _paeth(left: int, up: int, corner: int) -> int:
    to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
