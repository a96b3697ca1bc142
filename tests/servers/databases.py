"""Real PostgreSQL and MariaDB servers on loopback, with data of their own, run by nobody."""

import contextlib
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from custom_components.energy_optimizer.storage.ledger.address import DatabaseAddress

PASSWORD = "correct horse"
POSTGRES_BINARIES = Path("/usr/lib/postgresql")


@dataclass(frozen=True, kw_only=True)
class DatabaseServer:
    """A running server with one user who may do everything."""

    scheme: str
    port: int

    def url(self, database: str) -> str:
        """Return the address of one database, without the password."""
        return f"{self.scheme}://keeper@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> DatabaseAddress:
        """Make an empty database."""
        name = f"ledger_{uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name}")
        return DatabaseAddress.of_server(self.url(name), PASSWORD)

    def execute(self, statement: str) -> None:
        """Run a statement outside of any transaction."""
        main = DatabaseAddress.of_server(self.url("postgres" if self.scheme == "postgresql" else "mysql"), PASSWORD)
        engine = create_engine(main.for_engine, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()


def _as_nobody(command: list[str]) -> list[str]:
    """Neither server runs as root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ledger-server-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, command: list[str]) -> None:
    subprocess.run(_as_nobody(command), cwd=folder, check=True, capture_output=True, timeout=120)


@contextlib.contextmanager
def _serving(folder: Path, command: Callable[[int], list[str]], answers: Callable[[int], list[str]]) -> Iterator[int]:
    """Start a server on a free port, wait until it answers, and stop it in the end."""
    for _ in range(5):
        port = random.randint(20000, 32000)
        with (folder / "server.log").open("w") as log:
            server = subprocess.Popen(_as_nobody(command(port)), cwd=folder, stdout=log, stderr=log)
        try:
            for _ in range(300):
                if server.poll() is not None:
                    break
                if subprocess.run(answers(port), capture_output=True, check=False).returncode == 0:
                    yield port
                    return
                time.sleep(0.1)
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    pytest.fail((folder / "server.log").read_text()[-2000:])


@pytest.fixture(scope="session")
def postgresql() -> Iterator[DatabaseServer]:
    """A PostgreSQL server."""
    versions = sorted(POSTGRES_BINARIES.glob("*/bin/postgres"))
    if not versions:
        pytest.skip("PostgreSQL is not installed")
    binaries = versions[-1].parent
    with _folder() as folder:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data = str(folder / "data")
        how = ["--auth=scram-sha-256", "-U", "keeper", f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-sync"]
        _run(folder, [str(binaries / "initdb"), "-D", data, *how])

        def command(port: int) -> list[str]:
            options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", str(folder)]
            return [str(binaries / "postgres"), "-D", data, "-p", str(port), *options]

        ready = str(binaries / "pg_isready")
        with _serving(folder, command, lambda port: [ready, "-h", "127.0.0.1", "-p", str(port)]) as port:
            yield DatabaseServer(scheme="postgresql", port=port)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    """A MariaDB server."""
    server, install = shutil.which("mariadbd", path="/usr/sbin:/usr/bin"), shutil.which("mariadb-install-db")
    client = shutil.which("mariadb")
    if server is None or install is None or client is None:
        pytest.skip("MariaDB is not installed")
    with _folder() as folder:
        data, begin = folder / "data", folder / "begin.sql"
        begin.write_text(
            f"CREATE USER keeper@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL ON *.* TO keeper@'127.0.0.1' WITH GRANT OPTION;\n"
        )
        begin.chmod(0o644)
        how = ["--skip-test-db", "--auth-root-authentication-method=normal"]
        _run(folder, [install, "--no-defaults", f"--datadir={data}", *how])

        def command(port: int) -> list[str]:
            where = [f"--datadir={data}", f"--socket={folder}/s", f"--pid-file={folder}/pid", f"--init-file={begin}"]
            network = [f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
            return [server, "--no-defaults", *where, *network]

        def answers(port: int) -> list[str]:
            login = ["-ukeeper", f"-p{PASSWORD}", "-h127.0.0.1", f"-P{port}"]
            return [client, "--no-defaults", *login, "--protocol=tcp", "-e", "SELECT 1"]

        with _serving(folder, command, answers) as port:
            yield DatabaseServer(scheme="mariadb", port=port)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def ledger_address(request: pytest.FixtureRequest, socket_enabled: None, tmp_path: Path) -> DatabaseAddress:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return DatabaseAddress.of_file(tmp_path / "energy_optimizer.db")
    server: DatabaseServer = request.getfixturevalue(request.param)
    return server.new_database()
