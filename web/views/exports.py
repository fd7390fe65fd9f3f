"""What pages of exports show: columns, states and files in the reader's language."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from core.exports.queries import ExportRecord
from core.exports.rules import COLUMNS
from web.i18n import N_, gettext

_COLUMNS: Final = {
    "number": N_("Our number"),
    "member_no": N_("Member number"),
    "name": N_("Customer's name"),
    "phone": N_("Phone"),
    "gender": N_("Form of address"),
    "branch": N_("Branch"),
    "tier": N_("Tier"),
    "tags": N_("Tags"),
    "created": N_("Registered on"),
    "last_visit": N_("Last visit"),
    "spent": N_("Spent in all"),
    "note": N_("Note"),
    "pet_name": N_("Pet's name"),
    "species": N_("Kind of pet"),
    "breed": N_("Breed"),
    "sex": N_("Pet's sex"),
    "birthday": N_("Pet's date of birth"),
    "neutered": N_("Neutered"),
    "chip": N_("Chip number"),
}
KINDS: Final = {"xlsx": N_("Excel workbook"), "csv": N_("CSV file")}
STATES: Final = {
    "running": (N_("Being written"), "info"),
    "done": (N_("Ready"), "ok"),
    "cancelled": (N_("Thrown away"), "neutral"),
    "expired": (N_("No longer kept"), "neutral"),
}


class ExportLine(msgspec.Struct, frozen=True):
    """One file in the list."""

    export_id: UUID
    title: str
    detail: str
    state: tuple[str, str]
    rows: int
    size: str
    created_at: datetime
    expires_at: datetime
    ready: bool


def column_options() -> list[tuple[str, str]]:
    return [(column, gettext(_COLUMNS[column])) for column in COLUMNS]


def export_lines(exports: Sequence[ExportRecord]) -> list[ExportLine]:
    lines = []
    for one in exports:
        words, state = STATES[one.state]
        numbers = gettext("full numbers: %(reason)s") % {"reason": one.plan.reason}
        detail = [one.created_by_name, numbers if one.plan.whole_phones else gettext("numbers masked")]
        lines.append(
            ExportLine(
                export_id=one.export_id,
                title=gettext("Customers, file %(n)s (%(kind)s)") % {"n": one.number, "kind": one.kind},
                detail=" · ".join(detail),
                state=(gettext(words), state),
                rows=one.rows_done,
                size=_size(one.size_bytes) if one.state == "done" else "",
                created_at=one.created_at,
                expires_at=one.expires_at,
                ready=one.state == "done",
            )
        )
    return lines


def _size(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, size // 1024)} KB"
