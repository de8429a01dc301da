"""A process under strace: which addresses it tried, natively or from Python."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

STRACE = (
    "strace",
    "-D",
    "-f",
    "--seccomp-bpf",
    "-qq",
    "-e",
    "trace=connect,sendto,sendmsg,sendmmsg",
    "-e",
    "signal=none",
)
"""-D: the process that is started is the one traced, and gets its signals."""
_ADDRESS = re.compile(r'sin6?_port=htons\((\d+)\).*?(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")')
LOOPBACK = re.compile(r"127\.|::1$|::ffff:127\.")


def why_not() -> str | None:
    """Why this machine cannot trace, or None where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run([*STRACE, "true"], capture_output=True, text=True)
    return None if tried.returncode == 0 else f"strace does not work here: {tried.stderr.strip()[:100]}"


def traced(command: list[str], log: Path) -> list[str]:
    """The command line that runs `command` and writes what it tries to `log`."""
    return [*STRACE, "-o", str(log), *command]


def outside(log: Path) -> list[str]:
    """What went, or tried to go, beyond loopback; a name look-up does, too."""
    found = []
    for line in log.read_text(errors="replace").splitlines():
        for port, v4, v6 in _ADDRESS.findall(line):
            if not LOOPBACK.match(v4 or v6) or port == "53":
                found.append(line)
    return found
