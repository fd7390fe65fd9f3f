"""One installation as its VAR folder and the environment tell it: embedded servers, real ones, or one of each."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workers.embedded.faults import AlreadyRunningError, ServerDownError
from workers.embedded.places import find_places, keep_secret
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.valkey import EmbeddedValkey

# What the children get from us and no one else: an administrator's address has no business in the web process.
KEPT_BACK = ("MIGRATE_DATABASE_URL", "ADMIN_DATABASE_URL")


@dataclass(frozen=True)
class Addresses:
    """Where the database and the queue answer; `migrator` is empty when nobody told us."""

    app: str
    worker: str
    migrator: str
    redis: str


class Installation:
    """Decides once what is embedded: DATABASE_URL and REDIS_URL each switch one server off.

    Raises:
        FolderError: VAR cannot be used.
    """

    def __init__(self, var: Path, environment: Mapping[str, str] | None = None) -> None:
        self.environment = dict(os.environ if environment is None else environment)
        self.places = find_places(var)
        self.var = self.places.var
        self.postgres = None if self.environment.get("DATABASE_URL") else EmbeddedPostgres(self.var)
        self.valkey = None if self.environment.get("REDIS_URL") else EmbeddedValkey(self.var)

    @property
    def note(self) -> str:
        """What a person should know about where data lies; often empty."""
        return self.places.note

    @property
    def addresses(self) -> Addresses:
        """The addresses that web, worker and migrations use."""
        given = self.environment
        redis = given.get("REDIS_URL") or (self.valkey.url if self.valkey else "")
        if self.postgres is not None:
            dsns = self.postgres.dsns
            return Addresses(dsns.app, dsns.worker, dsns.migrator, redis)
        app = with_driver(given["DATABASE_URL"])
        worker = with_driver(given.get("WORKER_DATABASE_URL") or app)
        return Addresses(app, worker, with_driver(given.get("MIGRATE_DATABASE_URL", "")), redis)

    @property
    def context_key(self) -> str:
        """What signs the tenant of a transaction; empty: not signed."""
        return self.environment.get("ANXIN_CONTEXT_KEY", "")

    def child_environment(self, **more: str) -> dict[str, str]:
        """The environment of web and worker: addresses, the kept secret key, and what is added here."""
        addresses = self.addresses
        kept = {key: value for key, value in self.environment.items() if key not in KEPT_BACK}
        return kept | {
            "DATABASE_URL": addresses.app,
            "WORKER_DATABASE_URL": addresses.worker,
            "REDIS_URL": addresses.redis,
            "ANXIN_SECRET_KEY": kept.get("ANXIN_SECRET_KEY") or keep_secret(self.places, "web-secret-key"),
            "VAR": str(self.var),
            "PYTHONUNBUFFERED": "1",
            **more,
        }

    @contextmanager
    def database(self) -> Iterator[Addresses]:
        """A database that answers while the context lasts: a running one is used, a stopped embedded one started."""
        if self.postgres is None:
            yield self.addresses
            return
        try:
            self.postgres.start()
        except AlreadyRunningError:
            yield self.addresses
            return
        try:
            yield self.addresses
        finally:
            self.postgres.stop()


def with_driver(url: str) -> str:
    """The address with SQLAlchemy's driver named; people and hosts write postgres:// or postgresql://."""
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return f"postgresql+asyncpg://{url.removeprefix(plain)}"
    return url


def require_worker(installation: Installation) -> None:
    """Refuse a real database without the worker's own login, before the worker dies of it again and again.

    Raises:
        ServerDownError: DATABASE_URL is set, and WORKER_DATABASE_URL is not.
    """
    if installation.postgres is None and not installation.environment.get("WORKER_DATABASE_URL"):
        raise ServerDownError(
            "WORKER_DATABASE_URL is not set: only the login anxin_worker may look for due work over all tenants.",
            "Set it (docs/guides/operations.md, Roles).",
        )


def require_migrator(addresses: Addresses) -> str:
    """The address that may change the schema.

    Raises:
        ServerDownError: a real server, and MIGRATE_DATABASE_URL is not set.
    """
    if addresses.migrator:
        return addresses.migrator
    raise ServerDownError(
        "MIGRATE_DATABASE_URL is not set, so nobody may change the tables.",
        "Set it to the login anxin_migrator (docs/guides/operations.md, Roles).",
    )
