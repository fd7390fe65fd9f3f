"""Signs messages as Standard Webhooks 1.0 says, says when a failed one goes out again, and which addresses it may go to."""

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

import msgspec

from core.errors import FieldProblem

SECRET_MARK: Final = "whsec_"  # noqa: S105 - what every secret begins with, by Standard Webhooks; no secret
SECRET_BYTES: Final = (24, 64)
"""Standard Webhooks: a secret has 24 to 64 bytes."""
OVERLAP: Final = timedelta(hours=24)
"""How long the secret before still signs beside the new one, so that a receiver can change over without a gap."""
RESTS: Final = tuple(timedelta(seconds=one) for one in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
"""Standard Webhooks, "Deliverability": 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h."""
SILENT_AFTER: Final = timedelta(days=5)
"""An address at which nothing was heard for so long is switched off, and the administrators are told."""
SPREAD: Final = 0.2
MAX_URL: Final = 2000
HEARD: Final = range(200, 300)
GONE: Final = 410
"""The receiver says that it wants no more."""
# Reachable from our own network only, or nobody's: what `ipaddress` calls global still holds these.
_NEVER: Final = tuple(
    ipaddress.ip_network(one)
    for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "192.88.99.0/24", "100.100.100.200/32")
)
_LOCAL_NAMES: Final = (".local", ".localhost", ".internal", ".lan", ".home.arpa")

MAX_ENDPOINTS: Final = 10
"""Addresses of one tenant: each message is a row and a call for each of them."""
MAX_NAME: Final = 80
KEPT: Final = timedelta(days=30)
"""How long messages and their attempts stay in the log, and can be sent again."""
MIN_MASTER: Final = 32

After = Literal["heard", "again", "failed", "gone", "silent"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret as it is shown; raise ValueError when it is none."""
    if not secret.startswith(SECRET_MARK):
        raise ValueError("no secret of a webhook")
    key = base64.b64decode(secret[len(SECRET_MARK) :], validate=True)
    if not SECRET_BYTES[0] <= len(key) <= SECRET_BYTES[1]:
        raise ValueError("a secret of a webhook has 24 to 64 bytes")
    return key


def show_secret(key: bytes) -> str:
    """Return a secret as people copy it."""
    return SECRET_MARK + base64.b64encode(key).decode()


class NoMaster(LookupError):
    """The process was not told the secret that secrets of webhooks are derived from."""


def derive_key(master: str, *, tenant_id: UUID, endpoint_id: UUID, number: int) -> bytes:
    """Return the nth secret of an address: made from the process's own secret, so that none lies in the database.

    Raises:
        NoMaster: the process has no secret of its own.
    """
    if len(master) < MIN_MASTER:
        raise NoMaster("ANXIN_SECRET_KEY has less than 32 characters: no secret of a webhook can be made from it")
    said = b"webhook:" + tenant_id.bytes + endpoint_id.bytes + number.to_bytes(8)
    return hmac.new(master.encode(), said, hashlib.sha256).digest()


def mark_of(key: bytes) -> str:
    """Return by what a secret is known again: when the process's secret was changed, the mark no longer fits."""
    return hashlib.sha256(b"mark:" + key).hexdigest()[:16]


def write_body(kind: str, *, happened_at: datetime, data: dict[str, Any]) -> str:
    """Return what is sent and signed: the standard's three members."""
    return msgspec.json.encode({"type": kind, "timestamp": happened_at, "data": data}).decode()


def wants(kinds: Sequence[str], kind: str) -> bool:
    """Tell whether an address hears of this kind; without a choice it hears of every one, but never of tests of others."""
    return not kinds or kind in kinds


def judge(
    status: int | None, *, attempts: int, failing_since: datetime | None, now: datetime, roll: float
) -> tuple[After, datetime | None]:
    """Return what an attempt, the nth of its message, means for the message and its address, and when it goes out again."""
    if status is not None and status in HEARD:
        return "heard", None
    if status == GONE:
        return "gone", None
    if is_silent(failing_since=failing_since, now=now):
        return "silent", None
    at = next_attempt(attempts, failed_at=now, roll=roll)
    return ("failed" if at is None else "again"), at


def sign(body: bytes, *, message_id: str, at: datetime, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the headers of one attempt; with two keys, as while a secret is changed, both signatures stand in it."""
    stamp = str(int(at.timestamp()))
    content = b".".join((message_id.encode(), stamp.encode(), body))
    marks = [base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }


def next_attempt(attempts: int, *, failed_at: datetime, roll: float) -> datetime | None:
    """Return when the message goes out again after its nth failure, or None when it was the last; `roll` in [0, 1) spreads."""
    if attempts > len(RESTS):
        return None
    return failed_at + RESTS[attempts - 1] * (1 + SPREAD * roll)


def is_silent(*, failing_since: datetime | None, now: datetime) -> bool:
    """Tell whether an address has failed so long, without one success between, that it is switched off."""
    return failing_since is not None and now - failing_since >= SILENT_AFTER


def may_reach(address: str) -> bool:
    """Tell whether a resolved address lies in the public internet: no private, local, link or metadata address.

    Asked of every address that a name resolves to, at the moment of connecting, and that very address is connected to:
    a name that resolves differently the next moment gains nothing.
    """
    try:
        found: Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            return False
        found = found.ipv4_mapped or found
    if any(found.version == net.version and found in net for net in _NEVER):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def check_url(url: str, *, plain: bool = False) -> FieldProblem | None:
    """Return what is wrong with an address a tenant typed; `plain` also takes http and local hosts: tests and development."""
    parts = _split(url)
    if parts is None:
        return FieldProblem("url", "url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        return FieldProblem("url", "webhook-url-parts")
    if plain:
        return None
    if parts.scheme != "https":
        return FieldProblem("url", "webhook-not-https")
    return None if _may_name(parts.hostname or "") else FieldProblem("url", "webhook-not-public")


def _split(url: str) -> SplitResult | None:
    """Return the parts, or None for what programmes read differently or not at all."""
    if not url or len(url) > MAX_URL or not url.isascii() or any(one <= " " or one == "\\" for one in url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    known = host and parts.scheme in {"https", "http"} and port != 0 and "%" not in host
    return parts if known else None


def _may_name(host: str) -> bool:
    """A literal address must be public; of a name only the shape is known before it is resolved."""
    name = host.rstrip(".").lower()
    try:
        ipaddress.ip_address(name)
    except ValueError:
        # `0x7f000001`, `2130706433` and `127.1` are addresses to some resolvers: a public name's last part has a letter first.
        last = name.rpartition(".")[2]
        return "." in name and last[:1].isalpha() and not name.endswith(_LOCAL_NAMES)
    return may_reach(name)
