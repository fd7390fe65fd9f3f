"""Webhooks in the reader's words: states of addresses and messages, why a call came to nothing, and lines of the log."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from core.hooks.records.text import localized
from core.hooks.records.webhooks import EventKind
from core.webhooks.queries import AttemptFacts, DeliveryRow, EndpointFacts, LogFilter
from web.i18n import N_, gettext

STATES: Final = {
    "on": (N_("On"), "ok"),
    "paused": (N_("Paused"), "warn"),
    "silent": (N_("Switched off: nobody answers there"), "danger"),
    "removed": (N_("Removed"), "neutral"),
}
SENT: Final = {
    "waiting": (N_("Being sent"), "info"),
    "held": (N_("Held back"), "warn"),
    "heard": (N_("Delivered"), "ok"),
    "failed": (N_("Given up"), "danger"),
}
ERRORS: Final = {
    "name": N_("The name of the server was not found."),
    "not-public": N_("The name leads to an address that is not on the public internet."),
    "connection": N_("The server could not be reached, or it broke the connection off."),
    "certificate": N_("The certificate of the server is not valid for this name."),
    "tls": N_("The server does not speak TLS 1.2 or newer."),
    "timeout": N_("No answer came within 15 seconds."),
    "protocol": N_("What came back was no HTTP answer."),
    "too-large": N_("What came back was far too long."),
    "secret-lost": N_("The server has got a new key since: make a new secret for this address."),
}


class LogLine(msgspec.Struct, frozen=True):
    """One line of the log."""

    row: DeliveryRow
    kind: str
    endpoint: str
    state: str
    tone: str
    href: str


def error_text(attempt: AttemptFacts) -> str:
    """Say what came of an attempt."""
    if attempt.error:
        return gettext(ERRORS[attempt.error]) if attempt.error in ERRORS else attempt.error
    return f"HTTP {attempt.status}"


def last_text(endpoint: EndpointFacts) -> str:
    """Say what came of the last attempt that failed."""
    return gettext(ERRORS[endpoint.last_error]) if endpoint.last_error in ERRORS else endpoint.last_error


def kind_name(kinds: Mapping[str, EventKind], code: str, locale: str) -> str:
    """Return what a kind is called; one of a plugin that is off goes by its code."""
    return localized(kinds[code].title, locale) if code in kinds else code


def log_lines(
    rows: list[DeliveryRow],
    *,
    kinds: Mapping[str, EventKind],
    endpoints: Mapping[UUID, EndpointFacts],
    locale: str,
    root: str,
) -> list[LogLine]:
    """Return lines as the log shows them."""
    return [
        LogLine(
            row=row,
            kind=kind_name(kinds, row.kind, locale),
            endpoint=endpoints[row.endpoint_id].name if row.endpoint_id in endpoints else gettext("Removed"),
            state=gettext(SENT[row.state][0]),
            tone=SENT[row.state][1],
            href=f"{root}/deliveries/{row.delivery_id}",
        )
        for row in rows
    ]


def log_path(root: str, wanted: LogFilter, before: UUID | None) -> str:
    """Return the address of the log with this filter."""
    parts = {
        "endpoint": str(wanted.endpoint_id or ""),
        "state": wanted.state,
        "kind": wanted.kind,
        "before": str(before or ""),
    }
    said = urlencode({name: value for name, value in parts.items() if value})
    return f"{root}/log" + (f"?{said}" if said else "")
