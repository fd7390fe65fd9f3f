"""Chains of sealed words: each link is the SHA-256 of its body, and each body names the seal before it."""

import hashlib
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec

GENESIS: Final = "0" * 64


class Sealed(Protocol):
    """What every sealed body says of its place."""

    @property
    def chain(self) -> str:
        """The chain it stands in."""
        ...

    @property
    def seq(self) -> int:
        """Its number there, from 1."""
        ...

    @property
    def previous(self) -> str:
        """The seal before it."""
        ...


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an exported chain; `seal` is the SHA-256 of `body` in UTF-8, in hex."""

    chain: str
    seq: int
    seal: str
    body: str


class Break(msgspec.Struct, frozen=True):
    """A link that does not hold: its chain and number, and why.

    Reasons of every chain: unreadable, altered, out_of_order, wrong_previous, mislabelled; areas add their own.
    """

    chain: str
    seq: int
    reason: str


def moment(at: datetime) -> str:
    """An instant as it is sealed: UTC, with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(body: msgspec.Struct) -> str:
    """The one spelling: keys sorted, no spaces, UTF-8."""
    return msgspec.json.encode(body, order="sorted").decode()


def seal_of(body: str) -> str:
    """The seal of a spelled-out body."""
    return hashlib.sha256(body.encode()).hexdigest()


def read_link(line: str | bytes) -> Link:
    """Return one line of an export; raise ValueError when it is none."""
    try:
        return msgspec.json.decode(line, type=Link)
    except (msgspec.MsgspecError, UnicodeError) as fault:
        raise ValueError("not a link of a chain") from fault


class Follower:
    """Follows chains link by link, each in its order; the links of several chains may come mixed."""

    def __init__(self) -> None:
        self.count = 0
        self.last: dict[str, str] = {}
        """The newest seal of each chain."""
        self.seqs: dict[str, int] = {}

    def follow(self, link: Link) -> Break | None:
        """Take the next link; return why it does not hold, or None."""
        reason = self._judge(link)
        if reason is not None:
            return Break(link.chain, link.seq, reason)
        self.count += 1
        self.last[link.chain] = link.seal
        self.seqs[link.chain] = link.seq
        return None

    def read(self, body: str) -> Sealed:
        """Return the sealed words of this kind of chain; raise ValueError when they are none."""
        raise NotImplementedError

    def objection(self, link: Link, body: Sealed) -> str | None:
        """What else speaks against a link whose place and seal hold."""
        del link, body
        return None

    def _judge(self, link: Link) -> str | None:
        if seal_of(link.body) != link.seal:
            return "altered"
        try:
            body = self.read(link.body)
        except ValueError:
            return "unreadable"
        checks = (
            ("mislabelled", (body.chain, body.seq) == (link.chain, link.seq)),
            ("out_of_order", link.seq == self.seqs.get(link.chain, 0) + 1),
            ("wrong_previous", body.previous == self.last.get(link.chain, GENESIS)),
        )
        reason = next((reason for reason, holds in checks if not holds), None)
        return reason or self.objection(link, body)
