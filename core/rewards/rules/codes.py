"""Codes of coupons: short enough to type from a phone's screen, unguessable, and a slip of one sign is noticed."""

import secrets
import unicodedata
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 signs without 0, 1, I, L and O; a prime, so that the check sign sees every wrong or swapped sign."""
SECRET: Final = 11
LENGTH: Final = SECRET + 1
GROUP: Final = 4


def new_code() -> str:
    """Return a fresh code: 54 random bits and a check sign."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(SECRET))
    return body + check_sign(body)


def check_sign(body: str) -> str:
    """The sign that makes the weighted sum of all signs divide by 31."""
    weighted = sum(place * ALPHABET.index(sign) for place, sign in enumerate(body, start=2))
    return ALPHABET[-weighted % len(ALPHABET)]


def read_code(text: str) -> str | None:
    """Return the code that somebody typed or scanned, whatever its case, spaces and hyphens; None when it is none."""
    plain = unicodedata.normalize("NFKC", text).upper()
    signs = "".join(sign for sign in plain if sign not in " -‐‑–—_\t\r\n")
    if len(signs) != LENGTH or any(sign not in ALPHABET for sign in signs):
        return None
    return signs if check_sign(signs[:SECRET]) == signs[SECRET] else None


def show_code(code: str) -> str:
    """Return the code in groups of four, as people read it aloud."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
