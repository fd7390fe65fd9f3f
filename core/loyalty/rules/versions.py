"""What names a program's rules, and what an opening entry must add."""

import hashlib

import msgspec

from core.hooks.records.loyalty.program import Program


def opening_delta(*, known_fen: int, told_fen: int) -> int:
    """What an opening entry must add so that the openings of one customer sum up to what the list says."""
    return told_fen - known_fen


def program_version(program: Program) -> str:
    """A name for exactly these rules, stored with every entry."""
    return hashlib.sha256(msgspec.json.encode(program, order="sorted")).hexdigest()[:12]
