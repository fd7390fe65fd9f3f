"""The words of the problems of webhooks and of keys of idempotency."""

from typing import Final

from web.i18n import N_

WEBHOOKS: Final[dict[str, tuple[str, str]]] = {
    "webhook-moved": (
        N_("The address is in another state already"),
        N_("Reload the page to see how it stands."),
    ),
    "webhook-on-its-way": (
        N_("This message cannot be sent again now"),
        N_("It is on its way already, or its address is not switched on."),
    ),
    "idempotency-in-progress": (
        N_("The same request is being answered right now"),
        N_("Wait a second, then send it again with the same key."),
    ),
    "idempotency-key-of-another-request": (
        N_("This Idempotency-Key stands for another request"),
        N_("Take a new key for every new request; the same key only for the very same request."),
    ),
}
WEBHOOK_FIELDS: Final[dict[str, str]] = {
    "url": N_("A web address, like https://example.com/anxin"),
    "webhook-url-parts": N_("Without user name, password and anything after #"),
    "webhook-not-https": N_("Begin with https://"),
    "webhook-not-public": N_("An address on the public internet, by its name"),
}
