"""A provider of embeddings on loopback that speaks OpenAI's `POST /v1/embeddings`."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np

DIMENSIONS = 64


def vector_of(text: str) -> np.ndarray:
    """Always the same for a text; not of unit length, as a provider's need not be."""
    return np.random.default_rng(list(text.encode())).normal(size=DIMENSIONS).astype(np.float32) * 3


@dataclass
class Provider:
    """What it was asked, and what it answers instead of vectors: `refusal` with a 401, `body` with a 200."""

    url: str
    refusal: str | None = None
    body: str | None = None
    keys: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)


@contextmanager
def provider() -> Iterator[Provider]:
    """Serves until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.keys.append(self.headers["Authorization"].removeprefix("Bearer "))
            if self.path != "/v1/embeddings":
                return self.answer(404, "{}")
            if served.refusal is not None:
                return self.answer(401, served.refusal)
            if served.body is not None:
                return self.answer(200, served.body)
            served.inputs += asked["input"]
            return self.answer(200, json.dumps(self.embedded(asked)))

        def embedded(self, asked: dict[str, Any]) -> dict[str, Any]:
            vectors = [vector_of(text) for text in asked["input"]]
            if asked.get("encoding_format") == "base64":
                written = [base64.b64encode(vector.tobytes()).decode() for vector in vectors]
            else:
                written = [vector.tolist() for vector in vectors]
            data = [{"object": "embedding", "index": place, "embedding": one} for place, one in enumerate(written)]
            usage = {"prompt_tokens": 1, "total_tokens": 1}
            return {"object": "list", "model": asked["model"], "data": data, "usage": usage}

        def answer(self, status: int, body: str) -> None:
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Provider(f"http://127.0.0.1:{server.server_port}/v1")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
