"""Where a ledger is kept: a file, or a server's address as a user writes it."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

FILE_NAME: Final = "energy_optimizer.db"
_DRIVERS: Final = {
    "postgresql": "postgresql+pg8000",
    "postgres": "postgresql+pg8000",
    "mariadb": "mysql+pymysql",
    "mysql": "mysql+pymysql",
}
_TLS_MODES: Final = ("disable", "require", "verify-ca", "verify-full")
_PATIENCE_S: Final = 30


class AddressError(ValueError):
    """This is no address of a database that can be used; its text never holds the address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseAddress:
    """A database and how to log in to it."""

    url: str
    """Without the password."""
    password: str = field(default="", repr=False)

    @classmethod
    def of_file(cls, path: Path) -> DatabaseAddress:
        """Return the address of a file."""
        return cls(url=URL.create("sqlite", database=str(path)).render_as_string())

    @classmethod
    def of_server(cls, text: str, password: str = "") -> DatabaseAddress:
        """Read ``postgresql://`` or ``mariadb://`` (``mysql://``); a password in it goes before *password*.

        Raises:
            AddressError: if it is not complete, or of another kind.
        """
        try:
            url = make_url(text.strip())
        except (ArgumentError, ValueError) as err:
            raise AddressError("not an address") from err
        tls = url.query.get("sslmode", "disable")
        if url.drivername not in _DRIVERS or not url.host or not url.database or tls not in _TLS_MODES:
            raise AddressError("not an address of a database that is known")
        if set(url.query) - {"sslmode"}:
            raise AddressError("an option that is not known")
        secret = str(url.password) if url.password else password
        bare = URL.create(url.drivername, url.username, None, url.host, url.port, url.database, url.query)
        return cls(url=bare.render_as_string(), password=secret)

    @property
    def kind(self) -> str:
        """``sqlite``, ``postgresql`` or ``mariadb``."""
        name = self._parsed.get_backend_name()
        return {"postgres": "postgresql", "mysql": "mariadb"}.get(name, name)

    @property
    def file(self) -> Path | None:
        """The file; ``None`` for a server."""
        return Path(self._parsed.database or "") if self.kind == "sqlite" else None

    @property
    def for_engine(self) -> URL:
        """The address as SQLAlchemy takes it, with driver and password."""
        url = self._parsed
        if self.kind == "sqlite":
            return url
        return URL.create(
            _DRIVERS[url.drivername], url.username, self.password or None, url.host, url.port, url.database
        )

    @property
    def for_driver(self) -> dict[str, Any]:
        """What the driver is told beside the address. Reads certificates from disk."""
        tls = self._tls_context()
        match self.kind:
            case "sqlite":
                return {"autocommit": False, "timeout": _PATIENCE_S}
            case "postgresql":
                return {"timeout": _PATIENCE_S, "ssl_context": tls, "application_name": "Energy Optimizer"}
            case _:
                limits = {"connect_timeout": 10, "read_timeout": _PATIENCE_S, "write_timeout": _PATIENCE_S}
                return {**limits, "charset": "utf8mb4", **({"ssl": tls} if tls else {})}

    def _tls_context(self) -> ssl.SSLContext | None:
        match self._parsed.query.get("sslmode"):
            case None | "disable":
                return None
            case "verify-full":
                return ssl.create_default_context()
            case mode:
                context = ssl.create_default_context()
                context.check_hostname = False
                if mode != "verify-ca":
                    context.verify_mode = ssl.CERT_NONE
                return context

    @property
    def _parsed(self) -> URL:
        return make_url(self.url)


def files_of(file: Path) -> tuple[Path, ...]:
    """Return the file of a database and those that SQLite keeps beside it."""
    return (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal")))
