"""arq as we use it: two lanes, no pickle, no results kept, on any Valkey, Redis or Sentinel."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError  # noqa: A004 - Valkey's, not the system's

from core.bus import connect
from core.outbox.rules import DueKey

URGENT: Final = "anxin:lane:urgent"
NORMAL: Final = "anxin:lane:normal"
RUN_ROWS: Final = "run_rows"
"""The one function that arq knows; what is to be done stands in the outbox row."""


class Pace(msgspec.Struct, frozen=True):
    """How fast and how much; the defaults are tuned for one worker process on two cores."""

    lease: float = 30.0
    """Seconds after which the rows of a job that shows no life are sent again."""
    poll: float = 1.0
    """Seconds between two looks at the outbox when nobody wakes the relay."""
    page: int = 1000
    """Rows that one sweep looks at."""
    waiting: int = 40
    """Jobs that may wait in a lane before the relay claims no more: what waits in the outbox stays fair."""
    normal_jobs: int = 10
    urgent_jobs: int = 5
    deadline_lanes: int = 4
    """Tenants whose deadlines are fired at the same time, each on a connection of its own."""
    normal_delay: float = 0.05
    urgent_delay: float = 0.02
    grace: float = 10.0
    """Seconds for running work to end after SIGTERM; the supervisor kills after 15."""


def pace_from_env(env: Mapping[str, str]) -> Pace:
    """Read what an operator may change."""
    pace = Pace()
    return msgspec.structs.replace(
        pace,
        lease=float(env.get("ANXIN_JOB_LEASE", pace.lease)),
        normal_jobs=int(env.get("ANXIN_JOBS", pace.normal_jobs)),
        urgent_jobs=int(env.get("ANXIN_URGENT_JOBS", pace.urgent_jobs)),
    )


def serialize(job: dict[str, Any]) -> bytes:
    """Encode arq's record of a job (of an error its text); pickle would run whatever stands in the queue."""
    return msgspec.msgpack.encode(job, enc_hook=str)


def deserialize(data: bytes) -> dict[str, Any]:
    """Decode arq's record of a job into plain values."""
    return msgspec.msgpack.decode(data, type=dict[str, Any])


def connect_queue(url: str) -> ArqRedis:
    """Return arq's client for every address that the bus knows; a short absence of the server is waited out."""
    pool = connect(url).connection_pool
    assert isinstance(pool, ConnectionPool)
    # About three seconds: a Valkey that restarts is back by then; one that stays away is the supervisor's matter.
    pool.connection_kwargs.update(
        retry=Retry(ExponentialBackoff(cap=0.8, base=0.05), 7),
        retry_on_error=[ConnectionError, TimeoutError, BusyLoadingError, OSError],
    )
    return ArqRedis(pool, job_serializer=serialize, job_deserializer=deserialize, default_queue_name=NORMAL)


def job_id(keys: Iterable[DueKey]) -> str:
    """Return the id of the job that carries these rows in this attempt: sent twice, arq keeps one."""
    digest = hashlib.blake2b(digest_size=16)
    for key in keys:
        digest.update(key.outbox_id.bytes)
        digest.update(f"{key.attempts}@{key.run_at.timestamp()}".encode())
    return digest.hexdigest()
