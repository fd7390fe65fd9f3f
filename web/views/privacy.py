"""What the pages about people's data show: requests, receipts, and a copy in the reader's words."""

import io
import zipfile
from datetime import datetime
from typing import Any, Final

import msgspec

from core.imports.rules.files import write_csv
from core.privacy.exporting import PersonCopy
from core.privacy.queries import RequestRecord
from core.privacy.rules import AreaLine, ReceiptBody
from web.downloads import sheet_title, workbook
from web.formats import format_datetime, money
from web.i18n import N_, gettext, localized

KINDS: Final = {"correction": N_("Correction"), "export": N_("Copy of the data"), "erasure": N_("Erasure")}
STATES: Final = {
    "open": (N_("Open"), "warn"),
    "running": (N_("Being erased"), "info"),
    "done": (N_("Done"), "ok"),
    "refused": (N_("Refused"), "danger"),
    "withdrawn": (N_("Withdrawn"), "neutral"),
}
AREAS: Final = {
    "profile": N_("Profile"),
    "pets": N_("Pets"),
    "contact": N_("Contact and permissions"),
    "timeline": N_("Timeline"),
    "forms": N_("Forms"),
    "consents": N_("Signed consents"),
    "complaints": N_("Complaints"),
    "evidence": N_("Evidence"),
    "purchases": N_("Purchases"),
    "visits": N_("Visits and bills"),
    "rewards": N_("Coupons and benefits"),
    "surveys": N_("Surveys"),
    "files": N_("Files"),
    "requests": N_("Requests about data"),
    "tasks": N_("Tasks"),
}
TABLES: Final = {
    "customer": N_("Record"),
    "subject": N_("Pets and family"),
    "customer_phone": N_("Phones"),
    "customer_contact": N_("Further contacts"),
    "contact_consent": N_("Permissions given and withdrawn"),
    "customer_preference": N_("Wishes"),
    "customer_word": N_("Search words"),
    "customer_tagging": N_("Tags"),
    "custom_value": N_("Own fields"),
    "profile_value": N_("What was said about fields"),
    "customer_event": N_("Timeline"),
    "duplicate_key": N_("Search for duplicates"),
    "duplicate_look": N_("Search for duplicates"),
    "duplicate_suspect": N_("Suspected duplicates"),
    "customer_merge": N_("Merged records"),
    "import_row": N_("Rows of imported lists"),
    "export_piece": N_("Exported lists"),
    "form_link": N_("Links to forms"),
    "form_draft": N_("Unfinished forms"),
    "submission": N_("Filled forms"),
    "submission_file": N_("Files in forms"),
    "consent_seal": N_("Signed consents"),
    "complaint": N_("Complaints"),
    "complaint_event": N_("Steps of complaints"),
    "outbox": N_("Messages between programmes"),
    "purchase": N_("Purchases"),
    "ledger_entry": N_("Member account"),
    "loyalty_account": N_("Member tier"),
    "lot": N_("Points that are left"),
    "lot_alloc": N_("Points that were spent"),
    "planned_visit": N_("Planned visits"),
    "churn_case": N_("Calls to customers who stay away"),
    "churn_signal": N_("Signs of leaving"),
    "churn_step": N_("What was said on calls"),
    "winback": N_("Offers to come back"),
    "campaign_use": N_("Campaigns used"),
    "member_card": N_("Links to the member card"),
    "held_credit": N_("Credits that had to be approved"),
    "visit": N_("Visits"),
    "visit_procedure": N_("Procedures"),
    "estimate": N_("Estimates"),
    "estimate_answer": N_("Answers to estimates"),
    "bill": N_("Bills"),
    "bill_line": N_("Lines of bills"),
    "credit_note": N_("Credit notes"),
    "payment": N_("Payments"),
    "visit_link": N_("Links to bills"),
    "survey_answer": N_("Survey answers"),
    "survey_cycle": N_("Survey draws"),
    "survey_interview": N_("Interviews"),
    "survey_ask": N_("Surveys sent"),
    "stored_file": N_("Files"),
    "privacy_link": N_("Links to the own page"),
    "privacy_request": N_("Requests about data"),
    "privacy_receipt": N_("Receipts"),
    "general_task": N_("Tasks"),
}
COLUMNS: Final = {
    "number": N_("Number"),
    "full_name": N_("Full name"),
    "gender": N_("Form of address"),
    "member_no": N_("Member number"),
    "note": N_("Note"),
    "last_visit_on": N_("Last visit"),
    "source": N_("Source"),
    "created_at": N_("Written down on"),
    "changed_at": N_("Changed on"),
    "name": N_("Name"),
    "kind": N_("Kind"),
    "species": N_("Species"),
    "breed": N_("Breed"),
    "sex": N_("Sex"),
    "birthday": N_("Date of birth"),
    "neutered": N_("Neutered"),
    "chip": N_("Chip number"),
    "deceased_on": N_("Died on"),
    "phone_e164": N_("Phone"),
    "value": N_("Value"),
    "before": N_("Before"),
    "label": N_("Label"),
    "purpose": N_("Purpose"),
    "channel": N_("Channel"),
    "decision": N_("Decision"),
    "text_shown": N_("Text shown"),
    "at": N_("When"),
    "field_key": N_("Field"),
    "form": N_("Form"),
    "completed_at": N_("Sent on"),
    "answers": N_("Answers"),
    "data": N_("Details"),
    "occurred_at": N_("When"),
    "list_fen": N_("List price"),
    "paid_fen": N_("Paid"),
    "refunded_fen": N_("Refunded"),
    "description": N_("For what"),
    "title": N_("Title"),
    "text": N_("Text"),
    "desired": N_("Wish"),
    "state": N_("State"),
    "received_at": N_("Received on"),
    "points": N_("Points"),
    "asked_at": N_("Asked for on"),
    "decided_at": N_("Decided on"),
    "signer": N_("Signed by"),
    "signed_at": N_("Signed on"),
    "filename": N_("File"),
    "reason": N_("Reason"),
    "started_at": N_("Began on"),
    "total_fen": N_("Total"),
    "amount_fen": N_("Amount"),
}


class RequestLine(msgspec.Struct, frozen=True):
    """One request as lists show it."""

    record: RequestRecord
    kind: str
    state: str
    tone: str
    overdue: bool


class ReceiptLine(msgspec.Struct, frozen=True):
    """One line of a receipt in the reader's language."""

    area: str
    what: str
    count: int
    deed: str
    reason: str
    until: datetime | None


def request_line(record: RequestRecord, now: datetime) -> RequestLine:
    words, tone = STATES[record.state]
    overdue = record.is_open and record.due_at <= now
    return RequestLine(record, gettext(KINDS[record.kind]), gettext(words), tone, overdue)


def table_words(name: str) -> str:
    """What a table is called; one of a plugin by its own name."""
    return gettext(TABLES[name]) if name in TABLES else name


def receipt_lines(body: ReceiptBody) -> tuple[list[ReceiptLine], list[ReceiptLine]]:
    """What went, and what stays with the reason."""
    return [_receipt_line(line) for line in body.gone], [_receipt_line(line) for line in body.kept]


def _receipt_line(line: AreaLine) -> ReceiptLine:
    return ReceiptLine(
        area=gettext(AREAS.get(line.area, line.area)),
        what=table_words(line.table),
        count=line.count,
        deed=gettext("deleted") if line.deed == "deleted" else gettext("words removed"),
        reason=localized(line.reason) if line.reason else "",
        until=line.until,
    )


def copy_tables(copy: PersonCopy) -> list[tuple[str, str, list[str], list[list[str]]]]:
    """Per table: its name, its words, headings and rows, as text."""
    tables = []
    for name, rows in copy.tables.items():
        keys = list(dict.fromkeys(key for row in rows for key in row))
        heads = [gettext(COLUMNS[key]) if key in COLUMNS else key for key in keys]
        title = localized(copy.titles[name]) if name in copy.titles else table_words(name)
        tables.append((name, title, heads, [[_cell(key, row.get(key)) for key in keys] for row in rows]))
    return tables


def _cell(key: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, dict | list):
        parts = [f"{name}: {_cell(name, one)}" for name, one in value.items()] if isinstance(value, dict) else []
        return "\n".join(parts) or "; ".join(_cell(key, one) for one in value)
    if key.endswith("fen") and isinstance(value, int):
        return money(value)
    is_moment = (key == "at" or key.endswith("_at")) and isinstance(value, str)
    return format_datetime(datetime.fromisoformat(value)) if is_moment else str(value)


def copy_archive(copy: PersonCopy) -> bytes:
    """The copy as a ZIP: JSON for programmes, a workbook and CSV for people."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        plain = {"tenant": copy.tenant, "made_at": copy.made_at.isoformat(), "data": copy.tables}
        archive.writestr("data.json", msgspec.json.format(msgspec.json.encode(plain), indent=2))
        archive.writestr("data.xlsx", _workbook(copy))
        for name, _, heads, rows in copy_tables(copy):
            archive.writestr(f"csv/{name}.csv", write_csv((heads, *rows)))
    return buffer.getvalue()


def _workbook(copy: PersonCopy) -> bytes:
    """Each table a sheet by its words; of two with the same words the second has the table's own name."""
    sheets: dict[str, list[list[str]]] = {}
    for name, words, heads, rows in copy_tables(copy):
        title = sheet_title(words)
        sheets[name if title.casefold() in map(str.casefold, sheets) else title] = [heads, *rows]
    return workbook(sheets or {"-": []}, wrapped=True)
