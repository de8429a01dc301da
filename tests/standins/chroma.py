"""A real Chroma server (`chroma run`) on loopback, and a door before it that wants TLS and a token."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.retrieval.chroma import ChromaServer
from tests.scenarios.processes import free_port

CHROMA = Path(sys.executable).with_name("chroma")
UP_WITHIN_S = 60.0


@dataclass
class ChromaRun:
    """`start` after `kill` is the same server: same port, same folder."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def server(self) -> ChromaServer:
        return ChromaServer(self.url)

    def start(self) -> ChromaRun:
        command = [str(CHROMA), "run", "--path", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)]
        log = subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdin=log, stdout=log, stderr=log, cwd=self.folder.parent)
        until = time.monotonic() + UP_WITHIN_S
        while not self.server.is_up():
            assert self.process.poll() is None, "chroma run ended"
            assert time.monotonic() < until, "chroma run did not come up"
            time.sleep(0.1)
        return self

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def collections(self) -> set[str]:
        there = httpx.get(f"{self.url}/api/v2/tenants/default_tenant/databases/default_database/collections").json()
        return {collection["name"] for collection in there}


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[ChromaRun]:
    """A server of one's own, empty."""
    run = ChromaRun(tmp_path / "chroma").start()
    yield run
    run.kill()


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that no machine trusts, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    today = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=x509.random_serial_number(),
        not_valid_before=today - timedelta(days=1), not_valid_after=today + timedelta(days=1),
    )  # fmt: skip
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    signed = builder.add_extension(names, critical=False).add_extension(constraints, critical=True)
    certificate = folder / "certificate.pem"
    pem = serialization.Encoding.PEM
    certificate.write_bytes(signed.sign(key, hashes.SHA256()).public_bytes(pem))
    private = folder / "key.pem"
    private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return certificate, private


@contextmanager
def guarded(port: int, token: str, certificate: Path, key: Path) -> Iterator[str]:
    """Let through, from TLS to `port`, the requests that carry the token; refuse the others. The address."""
    loop, up, ended = asyncio.new_event_loop(), Event(), asyncio.Event()
    door = free_port()

    async def piped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = [writer]
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if f"authorization: bearer {token}".lower().encode() in head.lower():
                inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
                opened.append(inner_writer)
                inner_writer.write(head)
                await asyncio.gather(piped(reader, inner_writer), piped(inner_reader, writer))
                return
            writer.write(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError):
            pass  # who does not trust our certificate goes away at once
        finally:
            for each in opened:
                each.transport.abort()

    async def serve() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server = await asyncio.start_server(passed, "127.0.0.1", door, ssl=context)
        up.set()
        await ended.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.1)  # what was aborted is closed in the loop's next turns

    thread = Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield f"https://127.0.0.1:{door}"
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()
