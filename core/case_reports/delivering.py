"""Brings an approved report to the customer: online, by hand or by post, each with its receipt, and takes the answer."""

import base64
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, update

from core.case_reports.actions import NotApproved, locked, need_open
from core.case_reports.models import CaseReportDelivery
from core.case_reports.queries import DeliveryFacts, ReportFacts, find_shown, get_delivery, list_deliveries
from core.case_reports.rules import ANSWERS, Answer, Way
from core.complaints.actions.proving import prove, save_proven
from core.complaints.cases.case import Case, lock_case
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.files.actions import prepare_drawing
from core.files.rules import FileRefused
from core.uow import UnitOfWork

_W = table_of(CaseReportDelivery)
REMIND_TASK: Final = "case_reports.remind"
REMIND_AFTER: Final = timedelta(hours=24)
"""Own design: a report that nobody opened for a day is asked about by phone."""
NAME_LIMIT: Final = 60
WORDS_LIMIT: Final = 2000
POST_LIMIT: Final = 60


class ReportAnswered(Conflict):
    """The customer answered to this edition already."""

    code = "report-answered"


class NotReceived(Conflict):
    """The customer has not opened the report, so there is nothing to answer to."""

    code = "report-not-received"


class Reception(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said who got the report, and where they sat."""

    answer: str = ""
    signer: str = ""
    signature: str = ""
    words: str = ""
    ip: str = ""
    user_agent: str = ""


async def send_online(uow: UnitOfWork, *, complaint_id: UUID) -> UUID:
    """Put the newest edition on the customer's own page; opening it there is the receipt. Twice is once."""
    case, report = await locked(uow, complaint_id)
    need_open(case)
    sent = [one for one in await _sent(uow, report) if one.way == "online"]
    if sent:
        return sent[0].delivery_id
    delivery_id = await _add(uow, case, report, "online")
    key = f"case-report-unopened:{delivery_id}"
    await uow.enqueue(REMIND_TASK, {"delivery_id": str(delivery_id)}, run_at=uow.now + REMIND_AFTER, dedupe_key=key)
    await save_proven(uow, case)
    return delivery_id


async def send_by_post(uow: UnitOfWork, *, complaint_id: UUID, post_number: str) -> UUID:
    """Write down the number of the letter; `note_arrival` is its receipt."""
    case, report = await locked(uow, complaint_id)
    need_open(case)
    await _sent(uow, report)
    number = clean_text(post_number)
    if not number or len(number) > POST_LIMIT:
        raise InvalidInput((FieldProblem("post_number", "too-long" if number else "required", {"max": POST_LIMIT}),))
    delivery_id = await _add(uow, case, report, "post", post_number=number)
    await save_proven(uow, case)
    return delivery_id


async def hand_over(uow: UnitOfWork, *, complaint_id: UUID, said: Reception) -> UUID:
    """Write down that the customer got it by hand, and signed on the tablet, would not sign, or does not agree.

    Raises:
        NotApproved: nothing is approved.
        InvalidInput: signed without a signature or a name, or no answer at all.
    """
    case, report = await locked(uow, complaint_id)
    need_open(case)
    await _sent(uow, report)
    answered = await _answered(uow, said)
    delivery_id = await _add(
        uow,
        case,
        report,
        "in_person",
        received_at=uow.now,
        receipt="handed_over",
        ip=said.ip[:60],
        user_agent=said.user_agent[:400],
        **answered,
    )
    prove(uow, case, proof="delivery")
    await save_proven(uow, case)
    return delivery_id


async def note_arrival(uow: UnitOfWork, *, delivery_id: UUID) -> None:
    """Write down that a letter arrived, as the post says; once."""
    delivery = await get_delivery(uow, delivery_id)
    case = await lock_case(uow, delivery.complaint_id)
    if delivery.way != "post":
        raise NotFound("no such letter")
    if await _receive(uow, delivery, "arrived", Reception()):
        case.note(uow, "report_received", {"edition": delivery.edition, "how": "arrived"})
        prove(uow, case, proof="delivery")
        await save_proven(uow, case)


async def open_report(uow: UnitOfWork, *, complaint_id: UUID, seen: Reception) -> None:
    """The customer opens the newest edition on their own page: that is its receipt, with the time; once."""
    case = await lock_case(uow, complaint_id)
    shown = await find_shown(uow, complaint_id)
    if shown is None:
        raise NotFound("no report was sent")
    fresh = [one for one in shown.deliveries if one.received_at is None]
    taken = [await _receive(uow, one, "opened", seen) for one in fresh]
    if any(taken):
        case.note(uow, "report_received", {"edition": shown.version.edition, "how": "opened"})
        prove(uow, case, proof="delivery")
        await save_proven(uow, case)


async def answer_report(uow: UnitOfWork, *, complaint_id: UUID, said: Reception) -> None:
    """Keep what the customer says to the report they opened: signed, not signed, or received and not agreed; once."""
    case = await lock_case(uow, complaint_id)
    shown = await find_shown(uow, complaint_id)
    if shown is None:
        raise NotFound("no report was sent")
    if shown.received_at is None:
        raise NotReceived
    if shown.answered is not None:
        raise ReportAnswered
    answered = await _answered(uow, said)
    delivery = next(one for one in shown.deliveries if one.received_at is not None)
    await _change(uow, delivery.delivery_id, **answered)
    case.note(uow, "report_answered", {"answer": said.answer, "text": answered["words"]})
    await case.save(uow)
    uow.audit("case_report.answer", "case_report", delivery.report_id, {"answer": said.answer})


async def remind_unopened(uow: UnitOfWork, *, delivery_id: UUID) -> bool:
    """Mark a delivery that nobody opened, so that it stands on the desk's list and on the customer's page; once."""
    delivery = await get_delivery(uow, delivery_id)
    case = await lock_case(uow, delivery.complaint_id)
    delivery = await get_delivery(uow, delivery_id)
    if delivery.received_at or delivery.superseded_at or delivery.reminded_at or case.state == "archived":
        return False
    await _change(uow, delivery_id, reminded_at=uow.now)
    case.note(uow, "report_unopened", {"edition": delivery.edition})
    await case.save(uow)
    return True


async def _sent(uow: UnitOfWork, report: ReportFacts) -> list[DeliveryFacts]:
    """The deliveries of the newest edition."""
    if report.edition == 0:
        raise NotApproved
    return [one for one in await list_deliveries(uow, report.report_id) if one.edition == report.edition]


async def _add(uow: UnitOfWork, case: Case, report: ReportFacts, way: Way, **more: Any) -> UUID:
    delivery_id = new_id()
    empty = dict.fromkeys(("post_number", "receipt", "ip", "user_agent", "answer", "signer", "signature", "words"), "")
    await uow.session.execute(
        insert(_W).values(
            tenant_id=uow.tenant_id,
            delivery_id=delivery_id,
            report_id=report.report_id,
            complaint_id=case.complaint_id,
            edition=report.edition,
            way=way,
            sent_at=uow.now,
            sent_by_name=uow.actor.name,
            **empty | more,
        )
    )
    case.note(uow, "report_sent", {"edition": report.edition, "way": way})
    uow.audit("case_report.deliver", "case_report", report.report_id, {"edition": report.edition, "way": way})
    return delivery_id


async def _receive(uow: UnitOfWork, delivery: DeliveryFacts, receipt: str, seen: Reception) -> bool:
    done = await uow.session.execute(
        update(_W)
        .where(
            _W.c.tenant_id == uow.tenant_id,
            _W.c.delivery_id == delivery.delivery_id,
            _W.c.received_at.is_(None),
        )
        .values(received_at=uow.now, receipt=receipt, ip=seen.ip[:60], user_agent=seen.user_agent[:400])
        .returning(_W.c.delivery_id)
    )
    return done.first() is not None


async def _change(uow: UnitOfWork, delivery_id: UUID, **values: Any) -> None:
    mine = (_W.c.tenant_id == uow.tenant_id, _W.c.delivery_id == delivery_id)
    await uow.session.execute(update(_W).where(*mine).values(**values))


async def _answered(uow: UnitOfWork, said: Reception) -> dict[str, Any]:
    """Check an answer and return its columns; a signature is a drawing or a typed name."""
    if said.answer not in ANSWERS:
        raise InvalidInput((FieldProblem("answer", "option" if said.answer else "required"),))
    answer: Answer = said.answer
    signer, words = clean_text(said.signer), said.words.strip()
    found = [
        FieldProblem(path, "too-long", {"max": limit})
        for path, text, limit in (("signature", signer, NAME_LIMIT), ("words", words, WORDS_LIMIT))
        if len(text) > limit
    ]
    signature = ""
    if answer == "signed" and not found:
        signature = await _drawn(said.signature)
        if not signature and not signer:
            found.append(FieldProblem("signature", "required"))
    if found:
        raise InvalidInput(tuple(found))
    kept = {"signer": signer if answer == "signed" else "", "signature": signature, "words": words}
    return {"answer": answer, "answered_at": uow.now, **kept}


async def _drawn(address: str) -> str:
    """Return a drawing drawn again, as data address; nothing for an empty sheet."""
    if not address:
        return ""
    try:
        ready = await prepare_drawing(address, filename="signature.png")
    except FileRefused as refused:
        raise InvalidInput((FieldProblem("signature", refused.code, dict(refused.params)),)) from refused
    return "" if ready is None else f"data:image/png;base64,{base64.b64encode(ready.content).decode()}"
