"""Names exactly these rules, so that an entry of the ledger, an effect and a version can be told to be about the same."""

import hashlib

import msgspec

from core.hooks.records.loyalty.program import Program

LENGTH = 12


def digest(program: Program | None) -> str:
    """Return a name of 12 hex digits for exactly these rules; two programs that differ in anything differ in it.

    Stored with every entry of the ledger as its `rule_version`; empty for no program.
    """
    if program is None:
        return ""
    return hashlib.sha256(msgspec.json.encode(program, order="sorted")).hexdigest()[:LENGTH]
