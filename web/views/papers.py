"""Papers as pages and PDFs show them: stored files as tiles, and a sealed consent with its signer and its state."""

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from core.chains import Break
from core.consents.queries import ConsentFacts
from core.files.queries import FileFacts
from core.forms.queries import SubmissionRecord
from core.forms.rules import FieldView
from web.file_links import staff_address
from web.formats import format_datetime
from web.i18n import N_, gettext
from web.request import WebRequest

ROLES: Final = {"self": N_("The person concerned"), "owner": N_("The owner"), "guardian": N_("The guardian")}
BREAKS: Final = {
    "altered": N_("The words of a link were changed after it was sealed"),
    "unreadable": N_("A link cannot be read"),
    "mislabelled": N_("A link stands under a number that is not its own"),
    "out_of_order": N_("A link is missing, or stands in the wrong place"),
    "wrong_previous": N_("A link does not hold on to the one before it"),
    "withdraws_nothing": N_("A withdrawal takes back what was never signed"),
    "other_record": N_("The record shows something else than what was signed"),
}
_PNG: Final = "data:image/png;base64,"


class FileTile(msgspec.Struct, frozen=True):
    """A file as a small picture or a link."""

    file_id: UUID
    name: str
    href: str
    small: str
    is_image: bool
    size: int
    at: datetime
    who: str


class ConsentView(msgspec.Struct, frozen=True):
    """A sealed consent; `fault` names the first broken link of its chain, empty when all hold."""

    seal_id: UUID
    counts: bool
    signer: str
    role: str
    signed_at: datetime
    seal: str
    seq: int
    links: int
    fault: str
    withdrawn_at: datetime | None
    withdrawn_by: str
    reason: str


def file_tiles(request: WebRequest, files: Iterable[FileFacts]) -> list[FileTile]:
    return [
        FileTile(
            file.file_id,
            file.filename,
            staff_address(request, file.file_id),
            staff_address(request, file.file_id, small=True) if file.is_image else "",
            file.is_image,
            file.size,
            file.created_at,
            file.created_by_name,
        )
        for file in files
    ]


def consent_view(consent: ConsentFacts, found: Break | None, links: int) -> ConsentView:
    fault = ""
    if found is not None:
        fault = gettext("Link %(seq)s: %(reason)s") % {"seq": found.seq, "reason": gettext(BREAKS[found.reason])}
    return ConsentView(
        seal_id=consent.seal_id,
        counts=consent.counts,
        signer=consent.signer,
        role=gettext(ROLES[consent.role]),
        signed_at=consent.signed_at,
        seal=consent.seal,
        seq=consent.seq,
        links=links,
        fault=fault,
        withdrawn_at=consent.withdrawn_at,
        withdrawn_by=consent.withdrawn_by or "",
        reason=consent.withdrawn_reason or "",
    )


def consent_paper(record: SubmissionRecord, consent: ConsentFacts, *, house: str, lang: str) -> dict[str, Any]:
    """What the PDF of a signed consent lays out, in the reader's language, from the version that was signed."""
    view = record.view
    fields = [field for section in view.sections for field in section.fields if field.visible]
    last = next((field for field in reversed(fields) if field.kind == "signature"), None)
    image, typed = _drawn(last)
    withdrawn = ""
    if consent.withdrawn_at is not None:
        withdrawn = gettext("Withdrawn on %(when)s by %(who)s") % {
            "when": format_datetime(consent.withdrawn_at),
            "who": consent.withdrawn_by or "—",
        }
        withdrawn += f"：{consent.withdrawn_reason}" if consent.withdrawn_reason else ""
    return {
        "title": view.title,
        "intro": view.intro,
        "house": house,
        "foot": f"{house} · {consent.seal[:16]}",
        "lang": lang[:2],
        "withdrawn": withdrawn,
        "sections": [
            {"title": section.title, "items": [item for field in section.fields for item in _items(field)]}
            for section in view.sections
        ],
        "statement": last.text if last else "",
        "signature": image,
        "typed": typed,
        "signature-facts": [
            [gettext("Signed by"), f"{consent.signer} ({gettext(ROLES[consent.role])})"],
            [gettext("Signed at"), format_datetime(consent.signed_at)],
            [gettext("About"), " · ".join(name for name in (record.subject_name, record.customer_name) if name)],
        ],
        "seal-label": gettext("Seal %(seq)s") % {"seq": consent.seq},
        "seal": consent.seal,
    }


def _items(field: FieldView) -> list[dict[str, str]]:
    if not field.visible or field.kind == "signature":
        return []
    if field.kind == "group":
        inner = field.fields + tuple(one for row in field.rows for one in row.fields)
        return [item for one in inner for item in _items(one)]
    if field.risk:
        return [
            {
                "kind": "risk",
                "risk": field.risk,
                "measure": field.countermeasure,
                "measure-label": gettext("What we do"),
                "acknowledged": f"✓ {field.label or gettext('I have read this and understand it')}",
            }
        ]
    if field.kind == "note":
        return [{"kind": "note", "text": f"{field.label} {field.text}".strip()}]
    words = field.display
    if field.kind == "bool":
        words = gettext("Yes") if field.value else gettext("No")
    return [{"kind": "fact", "label": field.label, "value": words or "—"}]


def _drawn(field: FieldView | None) -> tuple[bytes | None, str]:
    """The picture of a drawn signature, or the name that was typed instead."""
    value = field.value if field else None
    if not isinstance(value, dict):
        return None, str(value or "")
    if str(value.get("image", "")).startswith(_PNG):
        return base64.b64decode(value["image"].removeprefix(_PNG)), ""
    return None, str(value.get("name") or "")


def by_path(request: WebRequest, files: Mapping[str, list[FileFacts]]) -> dict[str, list[FileTile]]:
    """The tiles of a filled form, by the path of their field."""
    return {path: file_tiles(request, found) for path, found in files.items()}
