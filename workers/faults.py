"""Tells a lost database from failed work, and says what of an error people may read."""

import traceback
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.errors import AnxinError
from core.outbox.rules import without_secrets

# connection_exception, and the server's own going down, crashing and not yet being up.
_LOST_STATES = ("08", "57P01", "57P02", "57P03")
_LOST_DRIVER = ("CannotConnectNowError", "ConnectionDoesNotExistError", "ConnectionFailureError", "InterfaceError")
_OURS = ("core", "plugins", "tenants", "workers")
_ROOT = Path(__file__).parents[1]


def is_database_lost(error: BaseException) -> bool:
    """Tell whether the connection broke, so that the work itself is not to blame."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and _came_through(seen, "asyncpg"):
            return True
        state = getattr(seen, "sqlstate", None)
        if isinstance(state, str) and state.startswith(_LOST_STATES):
            return True
        if type(seen).__module__.startswith(("asyncpg", "sqlalchemy")) and type(seen).__name__ in _LOST_DRIVER:
            return True
        seen = getattr(seen, "orig", None) or seen.__cause__
    return False


def _came_through(error: BaseException, package: str) -> bool:
    """Tell whether the package raised or passed the error: an OSError of connecting is not one of the work itself."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(str(frame.f_globals.get("__name__", "")).split(".")[0] == package for frame, _ in frames)


def describe_error(error: BaseException) -> str:
    """Return what went wrong and where, without values of a statement and without secrets."""
    if isinstance(error, AnxinError):
        params = ", ".join(f"{name}={value}" for name, value in error.params.items())
        text = f"{error.code}: {error.detail or params}" if error.detail != error.code else f"{error.code}: {params}"
    elif isinstance(error, DBAPIError):
        # Its message repeats the statement with the customer's data in it; the names are enough to find the place.
        cause = error.orig.__cause__ if error.orig is not None else None
        names = [getattr(cause, name, None) for name in ("sqlstate", "table_name", "constraint_name")]
        text = " ".join([type(cause or error.orig or error).__name__, *(name for name in names if name)])
    elif isinstance(error, SQLAlchemyError):
        text = type(error).__name__
    else:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    place = _place_of(error)
    return without_secrets(text) + (f" ({place})" if place else "")


def _place_of(error: BaseException) -> str:
    """The innermost line of ours; a path below the project says nothing about the machine."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and path.relative_to(_ROOT).parts[0] in _OURS:
            relative = path.relative_to(_ROOT)
            if relative.name != "runner.py":
                return f"{relative.as_posix()}:{frame.lineno}"
    return ""
