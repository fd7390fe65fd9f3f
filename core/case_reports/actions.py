"""Writes a case's report: begun, saved by several hands, submitted, approved or sent back."""

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update

from core.case_reports.models import CaseReport, CaseReportDecision, CaseReportDelivery, CaseReportVersion
from core.case_reports.queries import ReportFacts, find_report_of, get_report_of, get_version
from core.case_reports.rules import (
    REASON_LIMIT,
    Content,
    approver_of,
    body_of,
    clean,
    hash_of,
    options_of,
    problems,
    report_step,
    spelled,
)
from core.complaints.actions.handling import ComplaintClosed, StepClosed
from core.complaints.actions.proving import prove, save_proven
from core.complaints.cases.case import Case, lock_case
from core.complaints.models import Complaint
from core.complaints.rules.filing import blocked_by
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput
from core.uow import UnitOfWork

_R, _V, _D = table_of(CaseReport), table_of(CaseReportVersion), table_of(CaseReportDecision)
_W, _C = table_of(CaseReportDelivery), table_of(Complaint)
COUNTER: Final = "case_report"
OPEN_STATES: Final = frozenset({"open", "resolved"})


class ReportMoved(Conflict):
    """Somebody saved the draft meanwhile; nothing was overwritten."""

    code = "report-moved"


class ReportWaits(Conflict):
    """The report waits for its approver and is not changed until the decision."""

    code = "report-waits"


class ReportNotWaiting(Conflict):
    """There is nothing to decide: this version is decided already, or another was submitted."""

    code = "report-not-waiting"


class NotApproved(Conflict):
    """No edition of the report has been approved."""

    code = "report-not-approved"


async def begin_report(uow: UnitOfWork, *, complaint_id: UUID, prefill: Content | None = None) -> ReportFacts:
    """Begin the report of a case with what is known already; one that was begun stays as it is.

    Raises:
        NotFound: no such case.
        ComplaintClosed: it is archived, withdrawn or merged.
    """
    case = await lock_case(uow, complaint_id)
    found = await find_report_of(uow, complaint_id)
    if found is not None:
        return found
    need_open(case)
    report_id = new_id()
    await uow.session.execute(
        insert(_R).values(
            tenant_id=uow.tenant_id,
            report_id=report_id,
            complaint_id=complaint_id,
            number=await uow.next_number(COUNTER),
            state="draft",
            content=msgspec.to_builtins(clean(prefill or Content())),
            revision=1,
            version=0,
            edition=0,
            approver=approver_of(case.policy),
            created_at=uow.now,
            created_by_name=uow.actor.name,
            updated_at=uow.now,
            updated_by_name=uow.actor.name,
        )
    )
    case.note(uow, "report_begun", {})
    await case.save(uow)
    uow.audit("case_report.begin", "case_report", report_id, {"complaint_id": str(complaint_id)})
    return await get_report_of(uow, complaint_id)


def need_open(case: Case) -> None:
    """Raise ComplaintClosed when the case is archived, withdrawn or merged."""
    if case.state not in OPEN_STATES:
        raise ComplaintClosed(state=case.state)


async def locked(uow: UnitOfWork, complaint_id: UUID) -> tuple[Case, ReportFacts]:
    """Lock a case, and with it its report: every change of a report takes the case's one lock."""
    case = await lock_case(uow, complaint_id)
    return case, await get_report_of(uow, complaint_id)


async def save_report(uow: UnitOfWork, *, complaint_id: UUID, revision: int, content: Content) -> ReportFacts:
    """Save the words; after an approval this is the draft of the next edition, and the approved one stays.

    Raises:
        ReportMoved: the draft is not the one that was read (`revision`); nothing is written.
        ReportWaits: it was submitted.
        InvalidInput: a text is too long, or an option unknown.
    """
    case, report = await locked(uow, complaint_id)
    need_open(case)
    return await _save(uow, case, report, revision, clean(content), whole=False)


async def _save(
    uow: UnitOfWork, case: Case, report: ReportFacts, revision: int, content: Content, *, whole: bool
) -> ReportFacts:
    if report.state == "submitted":
        raise ReportWaits
    if report.revision != revision:
        raise ReportMoved(by=report.updated_by_name)
    known = frozenset(option.value for option in options_of(case.policy))
    found = problems(content, known, whole=whole)
    if found:
        raise InvalidInput(found)
    if content == report.content:
        return report
    await _change(
        uow,
        report.report_id,
        content=msgspec.to_builtins(content),
        revision=revision + 1,
        state="returned" if report.state == "returned" else "draft",
        updated_at=uow.now,
        updated_by_name=uow.actor.name,
    )
    return await get_report_of(uow, case.complaint_id)


async def _change(uow: UnitOfWork, report_id: UUID, **values: Any) -> None:
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.report_id == report_id)
    await uow.session.execute(update(_R).where(*mine).values(**values))


async def submit_report(uow: UnitOfWork, *, complaint_id: UUID, revision: int, content: Content) -> int:
    """Save the words and hand them to the approver as a version that nobody can change; return its number.

    It completes the step that waits for the report.

    Raises:
        ReportMoved, ReportWaits: as in `save_report`.
        StepClosed: another step must come first.
        InvalidInput: one of the three points is missing (§3.2).
    """
    case, report = await locked(uow, complaint_id)
    need_open(case)
    step = report_step(case.policy)
    if step is not None and step.id not in case.done:
        before = blocked_by(case.policy, step.id, case.done)
        if before:
            raise StepClosed(first=msgspec.to_builtins(before[0].label))
    words = clean(content)
    report = await _save(uow, case, report, revision, words, whole=True)
    version = report.version + 1
    text = spelled(await _body(uow, case, report, words, version))
    await uow.session.execute(
        insert(_V).values(
            tenant_id=uow.tenant_id,
            report_id=report.report_id,
            version=version,
            complaint_id=complaint_id,
            body=text,
            hash=hash_of(text),
            submitted_at=uow.now,
            submitted_by=uow.actor.id,
            submitted_by_name=uow.actor.name,
        )
    )
    approver = approver_of(case.policy)
    await _change(uow, report.report_id, state="submitted", version=version, approver=approver)
    case.note(uow, "report_submitted", {"version": version})
    prove(uow, case, proof="report", facts={"options": list(words.options)} if words.options else {})
    await save_proven(uow, case)
    uow.audit("case_report.submit", "case_report", report.report_id, {"version": version, "hash": hash_of(text)})
    return version


async def _body(uow: UnitOfWork, case: Case, report: ReportFacts, words: Content, version: int) -> Any:
    row = (
        await uow.session.execute(
            select(_C.c.number, _C.c.contact_name, _C.c.received_at).where(
                _C.c.tenant_id == uow.tenant_id, _C.c.complaint_id == case.complaint_id
            )
        )
    ).one()
    return body_of(
        words,
        options_of(case.policy),
        number=report.number,
        version=version,
        complaint=row.number,
        house=uow.scope.tenant_name,
        contact=row.contact_name,
        received_at=row.received_at.isoformat(),
    )


async def decide_report(
    uow: UnitOfWork, *, complaint_id: UUID, version: int, approved: bool, reason: str = ""
) -> int | None:
    """Approve a version, which makes it the next edition, or send it back with reasons; return the edition.

    §3.2: 经院长审核. What the customer got of an older edition is superseded.

    Raises:
        Forbidden: the actor holds not the role that the policy names.
        ReportNotWaiting: this version does not wait.
        InvalidInput: sent back without a reason.
    """
    case, report = await locked(uow, complaint_id)
    need_open(case)
    approver = approver_of(case.policy)
    if approver not in uow.actor.roles:
        raise Forbidden(role=approver)
    if report.state != "submitted" or report.version != version:
        raise ReportNotWaiting
    words = reason.strip()[:REASON_LIMIT]
    if not approved and not words:
        raise InvalidInput((FieldProblem("reason", "required"),))
    edition = report.edition + 1 if approved else None
    await uow.session.execute(
        insert(_D).values(
            tenant_id=uow.tenant_id,
            report_id=report.report_id,
            version=version,
            complaint_id=complaint_id,
            verdict="approved" if approved else "returned",
            edition=edition,
            hash=(await get_version(uow, report.report_id, version)).hash,
            reason=words,
            decided_at=uow.now,
            decided_by=uow.actor.id,
            decided_by_name=uow.actor.name,
        )
    )
    if edition is None:
        await _change(uow, report.report_id, state="returned")
        case.note(uow, "report_returned", {"version": version, "text": words})
    else:
        await _change(uow, report.report_id, state="approved", edition=edition)
        await _supersede(uow, report.report_id)
        case.note(uow, "report_approved", {"version": version, "edition": edition})
        prove(uow, case, proof="approval")
    await save_proven(uow, case)
    what = "approve" if approved else "return"
    uow.audit(f"case_report.{what}", "case_report", report.report_id, {"version": version, "reason": words})
    return edition


async def _supersede(uow: UnitOfWork, report_id: UUID) -> None:
    mine = (_W.c.tenant_id == uow.tenant_id, _W.c.report_id == report_id, _W.c.superseded_at.is_(None))
    await uow.session.execute(update(_W).where(*mine).values(superseded_at=uow.now))
