"""How this process speaks to addresses of tenants: with which secret, whom it trusts, and whether local hosts are allowed."""

from typing import Final

import msgspec

from core.settings import Settings


class Outward(msgspec.Struct, frozen=True):
    """Without a secret nothing can be signed, so nothing goes out."""

    secret_key: str = ""
    plain: bool = False
    """http and local addresses are allowed too: tests and development."""
    authority: str = ""
    """A file of further certificates that are trusted."""


NOWHERE: Final = Outward()


def outward_of(settings: Settings) -> Outward:
    """Return what the settings of the process say."""
    return Outward(secret_key=settings.secret_key, plain=settings.webhooks_plain, authority=settings.webhooks_authority)
