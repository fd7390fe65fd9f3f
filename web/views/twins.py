"""Complaints that may be the same, with their reasons in the reader's words."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from core.complaints.queries.twins import Twin
from core.complaints.rules.likeness import Likeness
from web.i18n import gettext
from web.views.complaints import number_text


class TwinLine(msgspec.Struct, frozen=True):
    """One suspected duplicate as a page shows it."""

    complaint_id: UUID
    number: str
    title: str
    level: str
    state: str
    received_at: datetime
    reasons: list[str]


def twin_lines(twins: Iterable[Twin]) -> list[TwinLine]:
    """Return what a page shows of suspected duplicates."""
    return [
        TwinLine(
            twin.complaint_id,
            number_text(twin.number),
            twin.title,
            twin.severity,
            twin.state,
            twin.received_at,
            [reason_text(one) for one in twin.reasons],
        )
        for twin in twins
    ]


def reason_text(one: Likeness) -> str:
    """Say why two may be one."""
    if one.why == "words":
        alike = gettext("%(percent)s%% of the words are alike") % {"percent": one.percent}
        return f"{alike}: {' … '.join(one.words)}" if one.words else alike
    return {
        "source": gettext("The same post, notice or letter"),
        "customer": gettext("The same customer within two weeks"),
        "phone": gettext("The same phone within two weeks"),
        "subject": gettext("About the same one in care within two weeks"),
    }[one.why]
