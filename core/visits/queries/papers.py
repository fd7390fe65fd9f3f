"""Looks for the papers that a procedure needs: signed consents that still count, and filled checks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from core.consents.queries import find_consent
from core.customers.queries import list_cluster, list_subject_cluster
from core.forms.queries import SubmissionRow, list_forms, list_submissions
from core.uow import Reader
from core.visits.queries.visits import ProcedureFacts, VisitRow
from core.visits.rules.gates import Need, Paper


async def find_default_forms(reader: Reader) -> tuple[str | None, str | None]:
    """Return the ids of the tenant's first consent form and first check, as operations need them by default."""
    forms = await list_forms(reader)
    consent = next((form.id for form in forms if form.purpose == "consent"), None)
    check = next((form.id for form in forms if form.purpose == "check"), None)
    return consent, check


async def find_papers(reader: Reader, *, visit: VisitRow, procedure: ProcedureFacts) -> dict[Need, Paper | None]:
    """Return for each need of a procedure the paper that meets it, or None.

    A consent counts when it was signed after this procedure was planned and nobody has withdrawn it; a check, when it
    was filled in since the visit began, and the newest one decides. Both are about this visit's subject, or its customer when there is none.
    """
    return {need: await _find(reader, visit, procedure.planned_at, need) for need in procedure.needs}


async def _find(reader: Reader, visit: VisitRow, planned_at: datetime, need: Need) -> Paper | None:
    # By the animal where there is one: it stays the same when two records of its owner are merged.
    customer_id = None if visit.subject_id is not None else visit.customer_id
    whose = {"customer_id": customer_id, "subject_id": visit.subject_id}
    if need.kind == "consent":
        signed = await find_consent(reader, form_id=need.form_id, since=planned_at, **whose)
        if signed is None:
            return None
        return Paper(
            kind="consent",
            form_id=need.form_id,
            submission_id=signed.submission_id,
            name=signed.signer,
            at=signed.signed_at.isoformat(),
        )
    row = await _newest(reader, visit, need)
    if row is None or row.completed_at < visit.started_at:
        return None
    return Paper(
        kind="check",
        form_id=need.form_id,
        submission_id=row.submission_id,
        at=row.completed_at.isoformat(),
        against=any(flag.stops for flag in row.flags),
    )


async def _newest(reader: Reader, visit: VisitRow, need: Need) -> SubmissionRow | None:
    """The newest filled form about the visit's subject, or its customer, under any id of one merged from several."""
    found: list[SubmissionRow] = []
    if visit.subject_id is not None:
        for one in await list_subject_cluster(reader, visit.subject_id):
            found += await list_submissions(reader, form_id=need.form_id, subject_id=one, limit=1)
    else:
        for one in await list_cluster(reader, visit.customer_id):
            found += await list_submissions(reader, form_id=need.form_id, customer_id=one, limit=1)
    return max(found, key=lambda row: row.submission_id, default=None)


async def find_gates(
    reader: Reader, *, visit: VisitRow, procedures: Sequence[ProcedureFacts]
) -> dict[UUID, dict[Need, Paper | None]]:
    """Return what `find_papers` says of every procedure that has not begun."""
    planned = [one for one in procedures if one.state == "planned" and one.needs]
    return {one.procedure_id: await find_papers(reader, visit=visit, procedure=one) for one in planned}
