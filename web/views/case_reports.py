"""What report pages and the report's PDF show, in the reader's language; and what a report is prefilled with."""

import base64
import io
from collections.abc import Sequence
from typing import Any, Final

import segno

from core.case_reports.queries import DeliveryFacts, VersionFacts
from core.case_reports.rules import PARTS, Content
from core.complaints.queries.cases import ComplaintDetail
from core.evidence.queries import EvidenceFacts
from core.hearings.queries import HearingFacts
from core.hooks.records.text import localized as localized_in
from core.remedies.queries import RemedyFacts
from web.formats import format_date, format_datetime, zone_name
from web.i18n import N_, gettext, localized
from web.page import current_page
from web.views.complaints import milestone_label, number_text
from web.views.evidence import KINDS

PART_NAMES: Final = {
    "facts": N_("What happened, in facts"),
    "evidence": N_("What we looked at"),
    "finding": N_("What was found"),
    "shortcomings": N_("Where we fell short"),
    "remedy": N_("What we do for you"),
    "plan": N_("What will be better"),
}
PART_HINTS: Final = {
    "facts": N_("Times, places and deeds, each as the records show it."),
    "evidence": N_("Records, video, messages, and who was asked."),
    "finding": N_("The finding of the hearing, where there was one."),
    "shortcomings": N_("What should have been done and was not."),
    "remedy": N_("What was agreed on with the customer."),
    "plan": N_("Who changes what, until when."),
}
STATES: Final = {
    "draft": (N_("Draft"), "neutral"),
    "submitted": (N_("Waits for approval"), "warn"),
    "returned": (N_("Sent back"), "danger"),
    "approved": (N_("Approved"), "ok"),
}
HINT_KINDS: Final = {
    "guess": N_("a guess"),
    "opinion": N_("an opinion"),
    "certainty": N_("a verdict, no fact"),
    "hearsay": N_("hearsay"),
}
WAY_NAMES: Final = {
    "online": N_("On the customer's own page"),
    "in_person": N_("Handed over"),
    "post": N_("By post"),
}
ANSWER_NAMES: Final = {
    "signed": N_("Received and signed"),
    "declined": N_("Received, not signed"),
    "not_agreed": N_("Received, not agreed"),
}
RECEIPTS: Final = {
    "opened": N_("Opened %(when)s"),
    "handed_over": N_("Handed over %(when)s"),
    "arrived": N_("Arrived %(when)s"),
}
MEASURE_NAMES: Final = {
    "coaching": N_("Coaching"),
    "training": N_("Training"),
    "rotation": N_("Another post for some time"),
    "reminder": N_("A reminder"),
    "none": N_("No measure"),
}


def report_number(number: int) -> str:
    """Return the display number."""
    return f"R-{number:04d}"


def prefill(
    case: ComplaintDetail, remedies: Sequence[RemedyFacts], *, finding: str = "", evidence: str = ""
) -> Content:
    """Return what is known already: the steps with their times, what was agreed on, what the hearing found."""
    steps = [
        f"{format_datetime(row.at)} {milestone_label(case.policy, row.data.get('milestone'))}"
        for row in case.history
        if row.kind == "completed"
    ]
    received = gettext("%(when)s complaint received: %(words)s") % {
        "when": format_datetime(case.received_at),
        "words": case.title,
    }
    agreed = [localized(one.label) for one in remedies if one.state in {"offered", "accepted", "held", "given"}]
    return Content(
        facts="\n".join([received, *steps])[:4000], evidence=evidence, finding=finding, remedy="\n".join(agreed)
    )


def evidence_lines(pieces: Sequence[EvidenceFacts]) -> str:
    """Name what was secured and when it was sealed; the words are a draft that somebody reads before it goes out."""
    lines = [
        f"{format_datetime(one.at)} {gettext(KINDS.get(one.kind, one.kind))}: {one.label}"
        for one in pieces
        if one.act == "added"
    ]
    lines += [gettext("%(when)s sealed") % {"when": format_datetime(one.at)} for one in pieces if one.act == "sealed"]
    return "\n".join(lines)[:4000]


def finding_lines(hearings: Sequence[HearingFacts]) -> str:
    """Say what the newest hearing that was held found, with its shares; nobody who took part is named."""
    held = [one for one in hearings if one.state == "held"]
    if not held:
        return ""
    newest = max(held, key=lambda one: one.held_at or one.starts_at)
    shares = " · ".join(f"{what} {share}%" for what, share in newest.shares)
    return "\n".join(part for part in (newest.finding, shares) if part)[:4000]


def receipt_text(delivery: DeliveryFacts) -> str:
    """Say when and how it was received, or that it was not yet."""
    if delivery.received_at is None:
        return gettext("Not opened yet") if delivery.way == "online" else gettext("On its way")
    return gettext(RECEIPTS[delivery.receipt]) % {"when": format_datetime(delivery.received_at)}


def _lines(content: Content, options: Sequence[str]) -> list[dict[str, Any]]:
    parts = []
    for part in PARTS:
        lines = [line for line in getattr(content, part).split("\n") if line.strip()]
        lines += [f"· {words}" for words in options] if part == "plan" else []
        if lines:
            parts.append({"id": part, "title": gettext(PART_NAMES[part]), "lines": lines})
    return parts


def parts_of(version: VersionFacts) -> list[dict[str, Any]]:
    """Return the parts of a submitted report for a page or the PDF."""
    if version.body is None:
        return []
    lang = current_page().lang
    return _lines(version.body.content, [localized_in(one, lang) for one in version.body.options])


def _qr(address: str) -> bytes:
    buffer = io.BytesIO()
    segno.make(address, error="m").save(buffer, kind="svg", border=1)
    return buffer.getvalue()


def paper_of(
    case: ComplaintDetail,
    *,
    house: str,
    number: int,
    address: str,
    version: VersionFacts | None = None,
    draft: Content | None = None,
    draft_options: Sequence[str] = (),
    answered: DeliveryFacts | None = None,
) -> dict[str, Any]:
    """Return what `report.typ` lays out: an approved version, one that waits, or the draft as it stands."""
    body = version.body if version is not None else None
    contact = body.contact if body is not None else case.contact_name
    edition = version.edition if version is not None else None
    decided_at = version.decided_at if version is not None and edition else None
    about = [
        (gettext("Complaint"), number_text(body.complaint if body is not None else case.number)),
        (gettext("Received"), format_datetime(case.received_at)),
    ]
    approval = []
    if version is not None:
        approval.append(
            (gettext("Written by"), f"{version.submitted_by_name} · {format_datetime(version.submitted_at)}")
        )
    if version is not None and decided_at is not None:
        approval.append((gettext("Approved by"), f"{version.decided_by_name} · {format_datetime(decided_at)}"))
    page = current_page()
    return {
        "title": gettext("Report on your complaint"),
        "serial": gettext("Report %(number)s") % {"number": report_number(number)}
        + (" · " + gettext("Edition %(n)s") % {"n": edition} if edition else ""),
        "issued": format_date(decided_at, "long") if decided_at else "",
        "subject": gettext("on complaint %(number)s") % {"number": about[0][1]},
        "lang": page.lang.partition("-")[0],
        "house": body.house if body is not None else house,
        "branch_line": " ".join(filter(None, (body.house if body is not None else house, case.branch_name or ""))),
        "sign_label": gettext("Signed by the director:"),
        "signed_on": format_date(decided_at, "long") if decided_at else "",
        "seal_place": gettext("(place of the seal)"),
        "time_note": gettext("All times are those of %(zone)s.") % {"zone": zone_name(page.timezone)},
        "draft": "" if edition else gettext("Draft, not approved: not for the customer"),
        "about": about,
        "greeting": gettext("Dear %(name)s,") % {"name": contact} if contact else gettext("Dear customer,"),
        "parts": parts_of(version) if version is not None else _lines(draft or Content(), draft_options),
        "approval": approval,
        "hash_label": gettext("Hash of the text (SHA-256)") if version is not None else "",
        "hash": version.hash if version is not None else "",
        "qr": _qr(address) if edition else None,
        "qr_label": gettext("Read it online"),
        "answer": _answer_rows(answered),
        "signature": _picture(answered.signature) if answered is not None and answered.signature else None,
    }


def _answer_rows(answered: DeliveryFacts | None) -> list[tuple[str, str]]:
    if answered is None or answered.answered_at is None:
        return []
    rows = [(gettext(ANSWER_NAMES[answered.answer]), format_datetime(answered.answered_at))]
    rows += [(gettext("Signed by"), answered.signer)] if answered.signer else []
    return rows + ([(gettext("In the customer's words"), answered.words)] if answered.words else [])


def _picture(address: str) -> bytes:
    return base64.b64decode(address.partition(",")[2])
