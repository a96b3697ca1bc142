"""What can go wrong with a database, in words that hold no secret."""

from typing import Final, Literal

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

type Trouble = Literal["cannot_connect", "refused", "no_such_database", "newer_schema", "damaged", "cannot_write"]

LASTING: Final[frozenset[Trouble]] = frozenset({"newer_schema", "damaged"})
"""Trouble that trying again does not mend."""

# Codes of SQLSTATE (PostgreSQL), of MariaDB and MySQL, and names of SQLite.
_BY_CODE: Final[dict[object, Trouble]] = {
    "28P01": "refused", "28000": "refused", 1045: "refused", 1044: "refused", 1698: "refused",
    "3D000": "no_such_database", 1049: "no_such_database",
    "42501": "cannot_write", "53100": "cannot_write", "25006": "cannot_write",
    1142: "cannot_write", 1290: "cannot_write", 1021: "cannot_write", 1114: "cannot_write",
    "SQLITE_READONLY": "cannot_write", "SQLITE_FULL": "cannot_write", "SQLITE_CANTOPEN": "cannot_write",
    "SQLITE_NOTADB": "damaged", "SQLITE_CORRUPT": "damaged",
}  # fmt: skip


class LedgerError(Exception):
    """The database cannot be opened, read or written; its text is fit for logs."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(f"{trouble.replace('_', ' ')} ({detail})")
        self.trouble = trouble
        self.detail = detail


def ledger_error(err: Exception, password: str) -> LedgerError:
    """Say what *err* means. Neither the statement nor its values nor the password stand in what is returned."""
    code, text = _code_and_text(err.orig if isinstance(err, DBAPIError) and err.orig is not None else err)
    trouble = _BY_CODE.get(code, "cannot_connect")
    detail = text.splitlines()[0][:200] if text.strip() else type(err).__name__
    return LedgerError(trouble, detail.replace(password, "…") if password else detail)


def _code_and_text(cause: BaseException) -> tuple[object, str]:
    if name := getattr(cause, "sqlite_errorname", None):
        kind = "_".join(str(name).split("_")[:2])  # without the finer distinctions that may follow
        return kind, str(cause)
    first = cause.args[0] if cause.args else None
    if isinstance(first, dict):  # how pg8000 passes on what PostgreSQL says
        return first.get("C"), str(first.get("M", ""))
    if isinstance(first, int) and len(cause.args) > 1:
        return first, str(cause.args[1])
    if isinstance(cause, SQLAlchemyError):
        return None, type(cause).__name__
    return None, str(cause) or type(cause).__name__
