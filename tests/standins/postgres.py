"""A real Postgres on loopback, thrown away afterwards.

Register it where it is needed:

    from tests.standins.postgres import database_url, postgres, postgres_url  # noqa: F401 - fixtures

and ask for `postgres_url`, an empty database of one's own, for `database_url`, which runs the test on both, or
for `postgres` and `fresh_database(postgres)`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

OWNER = "triage"
UNPRIVILEGED = ("postgres", "nobody")
"""initdb refuses root: the first of these that the machine has runs it instead."""
CONNECTIONS = 400


class NotInstalled(Exception):
    """This machine has no initdb and pg_ctl."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server that runs for this session. Tests want databases of their own: `fresh_database`."""
    needed()
    with serving_postgres() as server:
        yield server.url


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """An empty database."""
    return fresh_database(postgres)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """What DATABASE_URL says: nothing for SQLite, an empty database of Postgres."""
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else None


def needed() -> None:
    """Skip the test where Postgres is not installed; fail it where it must be."""
    try:
        programs()
    except NotInstalled as error:
        if os.environ.get("CI_NEEDS_POSTGRES") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


@dataclass(frozen=True)
class Server:
    """`stop` and `start` as an administrator would, in haste."""

    url: str
    stop: Callable[[], None]
    start: Callable[[], None]


@contextmanager
def serving_postgres() -> Iterator[Server]:
    initdb, pg_ctl = programs()
    user = _user()
    # Not below pytest's own folder, which is 0700: the server's user could not enter it.
    folder = Path(mkdtemp(prefix="triage-postgres-", dir="/tmp"))
    data, port = folder / "data", _free_port()
    if user is not None:
        shutil.chown(folder, user)

    def run(*command: str | Path) -> None:
        outcome = subprocess.run(
            list(map(str, command)),
            cwd=folder,
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert outcome.returncode == 0, outcome.stdout

    options = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "max_connections": CONNECTIONS,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    try:
        run(initdb, "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in options.items())

        def start() -> None:
            run(pg_ctl, "start", "-w", "-D", data, "-l", folder / "log")

        def stop(how: str = "fast") -> None:  # what was committed is kept: it is written through only later here
            run(pg_ctl, "stop", "-w", "-m", how, "-D", data)

        start()
        try:
            yield Server(f"postgresql://{OWNER}@127.0.0.1:{port}/postgres", stop, start)
        finally:
            stop("immediate")
    finally:
        shutil.rmtree(folder)


def fresh_database(url: str) -> str:
    """An empty database with a name of its own on this server."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{url.rpartition('/')[0]}/{name}"


def programs() -> tuple[Path, Path]:
    """initdb and pg_ctl: Debian keeps them off the PATH, by version. Raises NotInstalled."""
    versions = sorted(
        map(Path, glob("/usr/lib/postgresql/*/bin")), key=lambda folder: _number(folder.parent.name), reverse=True
    )
    for folder in [*versions, *map(Path, os.get_exec_path())]:
        initdb, pg_ctl = folder / "initdb", folder / "pg_ctl"
        if os.access(initdb, os.X_OK) and os.access(pg_ctl, os.X_OK):
            return initdb, pg_ctl
    raise NotInstalled("Postgres is not installed: neither /usr/lib/postgresql nor the PATH has initdb")


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def _number(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return 0.0


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]
