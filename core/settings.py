"""What the process is told from outside, read once from the environment."""

from collections.abc import Mapping
from pathlib import Path

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """Addresses and switches; nothing here belongs to a tenant."""

    database_url: str
    """asyncpg URL of the web's role, `anxin_app`."""
    worker_database_url: str
    """asyncpg URL of the worker's role, `anxin_worker`."""
    redis_url: str
    secret_key: str
    """At least 32 characters; signs cursors and binds CSRF tokens to sessions."""
    production: bool = False
    context_key: str = ""
    """Signs the tenant of every transaction (`anxin db sign`); empty: plain, which injected SQL could change."""
    public_url: str = "http://localhost:8000"
    var: Path = Path("var")
    pool_size: int = 10
    webhooks_plain: bool = False
    """Webhooks may also go to http and to local addresses: tests and development, never production."""
    webhooks_authority: str = ""
    """A file with the certificates of an authority of one's own, which webhooks trust beside the public ones."""


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise LookupError(f"{name} is not set. `make run` sets it; for real servers see docs/guides/operations.md.")
    return value


def settings_from_env(env: Mapping[str, str]) -> Settings:
    """Read the settings; raise LookupError that names the missing variable."""
    database_url = _required(env, "DATABASE_URL")
    production = env.get("ANXIN_PROFILE", "") == "production"
    plain = env.get("ANXIN_WEBHOOKS_PLAIN", "") == "1"
    if plain and production:
        raise LookupError("ANXIN_WEBHOOKS_PLAIN would let tenants reach this network: it is not for production.")
    return Settings(
        database_url=database_url,
        worker_database_url=env.get("WORKER_DATABASE_URL") or database_url,
        redis_url=_required(env, "REDIS_URL"),
        secret_key=_required(env, "ANXIN_SECRET_KEY"),
        production=production,
        context_key=_required(env, "ANXIN_CONTEXT_KEY") if production else env.get("ANXIN_CONTEXT_KEY", ""),
        public_url=env.get("ANXIN_PUBLIC_URL", "http://localhost:8000").rstrip("/"),
        var=Path(env.get("VAR", "var")),
        pool_size=int(env.get("ANXIN_POOL_SIZE", "10")),
        webhooks_plain=plain,
        webhooks_authority=env.get("ANXIN_WEBHOOKS_AUTHORITY", ""),
    )
