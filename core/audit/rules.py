"""How one audit entry is chained to the one before it."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

GENESIS = "0" * 64


class Act(msgspec.Struct, frozen=True):
    """What is written down of one act; `details` holds plain values only."""

    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    action: str
    entity: str
    entity_id: UUID | None
    details: dict[str, Any]


def chain_hash(previous: str, seq: int, act: Act) -> str:
    """Return the SHA-256, in hex, over the previous hash, the number and the canonical JSON of the act."""
    body = msgspec.json.encode([previous, seq, act], order="sorted")
    return hashlib.sha256(body).hexdigest()


def first_break(entries: Iterable[tuple[int, str, str, Act]]) -> int | None:
    """Return the number of the first entry (seq, prev_hash, hash, act) that does not follow, or None."""
    previous, expected = GENESIS, 1
    for seq, prev_hash, digest, act in entries:
        if seq != expected or prev_hash != previous or digest != chain_hash(previous, seq, act):
            return expected
        previous, expected = digest, seq + 1
    return None
