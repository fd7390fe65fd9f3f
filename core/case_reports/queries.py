"""Reads written reports: the draft of a case, its versions and editions, its deliveries, and what waits for whom."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, func, select

from core.asked import Asked
from core.case_reports.models import CaseReport, CaseReportDecision, CaseReportDelivery, CaseReportVersion
from core.case_reports.rules import Body, Content, read_body
from core.complaints.models import Complaint
from core.counts import Counter
from core.db import table_of
from core.errors import NotFound
from core.uow import Reader

_R, _V, _D = table_of(CaseReport), table_of(CaseReportVersion), table_of(CaseReportDecision)
_W, _C = table_of(CaseReportDelivery), table_of(Complaint)


class ReportFacts(msgspec.Struct, frozen=True):
    """The report of a case as it is being written."""

    report_id: UUID
    complaint_id: UUID
    number: int
    state: str
    content: Content
    revision: int
    version: int
    edition: int
    approver: str
    created_at: datetime
    created_by_name: str
    updated_at: datetime
    updated_by_name: str


class VersionFacts(msgspec.Struct, frozen=True):
    """A submitted text and what was decided about it; `body` is None once its person has been erased."""

    report_id: UUID
    version: int
    body: Body | None
    hash: str
    submitted_at: datetime
    submitted_by_name: str
    verdict: str
    edition: int | None
    reason: str
    decided_at: datetime | None
    decided_by_name: str


class DeliveryFacts(msgspec.Struct, frozen=True):
    """One way that an edition took to the customer, with its receipt."""

    delivery_id: UUID
    report_id: UUID
    complaint_id: UUID
    edition: int
    way: str
    post_number: str
    sent_at: datetime
    sent_by_name: str
    received_at: datetime | None
    receipt: str
    answer: str
    answered_at: datetime | None
    signer: str
    signature: str
    words: str
    reminded_at: datetime | None
    superseded_at: datetime | None


class Shown(msgspec.Struct, frozen=True):
    """What the customer may see of a case's report: the newest edition that was sent, how it came, and what it replaces."""

    report: ReportFacts
    version: VersionFacts
    deliveries: tuple[DeliveryFacts, ...]
    replaced_at: datetime | None
    """When the edition that the customer saw before was sent."""

    @property
    def received_at(self) -> datetime | None:
        """When it reached the customer the first time."""
        return min((one.received_at for one in self.deliveries if one.received_at is not None), default=None)

    @property
    def answered(self) -> DeliveryFacts | None:
        """The delivery that the customer answered."""
        return next((one for one in self.deliveries if one.answer), None)

    @property
    def newer_coming(self) -> bool:
        """A newer edition is approved and not sent yet."""
        return self.version.edition is not None and self.report.edition > self.version.edition


class WaitingReport(msgspec.Struct, frozen=True):
    """A report that waits for its approver, or a delivery that was not opened."""

    complaint_id: UUID
    report_number: int
    complaint_number: int
    title: str
    severity: str
    since: datetime
    by_name: str


def _mine(reader: Reader) -> ColumnElement[bool]:
    return _R.c.tenant_id == reader.tenant_id


def _report(row: Row[Any]) -> ReportFacts:
    kept: dict[str, Any] = {name: row._mapping[name] for name in ReportFacts.__struct_fields__}  # noqa: SLF001 - SQLAlchemy's documented name
    kept["content"] = msgspec.convert(kept["content"], Content)
    return ReportFacts(**kept)


_REPORT = tuple(_R.c[name] for name in ReportFacts.__struct_fields__)


async def find_report_of(reader: Reader, complaint_id: UUID) -> ReportFacts | None:
    """Return the report of a case, or None when nobody has begun one."""
    row = (
        await reader.session.execute(select(*_REPORT).where(_mine(reader), _R.c.complaint_id == complaint_id))
    ).first()
    return None if row is None else _report(row)


async def get_report_of(reader: Reader, complaint_id: UUID) -> ReportFacts:
    """Return the report of a case; raise NotFound when there is none."""
    found = await find_report_of(reader, complaint_id)
    if found is None:
        raise NotFound("no such report")
    return found


async def list_versions(reader: Reader, report_id: UUID) -> list[VersionFacts]:
    """Return what was submitted, newest first."""
    return await _versions(reader, _V.c.report_id == report_id)


async def get_version(reader: Reader, report_id: UUID, version: int) -> VersionFacts:
    """Return one submitted text; raise NotFound when there is none of that number."""
    found = await _versions(reader, and_(_V.c.report_id == report_id, _V.c.version == version))
    if not found:
        raise NotFound("no such version")
    return found[0]


async def _versions(reader: Reader, which: ColumnElement[bool]) -> list[VersionFacts]:
    decided = and_(_D.c.tenant_id == _V.c.tenant_id, _D.c.report_id == _V.c.report_id, _D.c.version == _V.c.version)
    rows = await reader.session.execute(
        select(
            *(_V.c.report_id, _V.c.version, _V.c.body, _V.c.hash, _V.c.submitted_at, _V.c.submitted_by_name),
            *(_D.c.verdict, _D.c.edition, _D.c.reason, _D.c.decided_at, _D.c.decided_by_name),
        )
        .select_from(_V.outerjoin(_D, decided))
        .where(_V.c.tenant_id == reader.tenant_id, which)
        .order_by(_V.c.version.desc())
    )
    return [
        VersionFacts(
            row.report_id,
            row.version,
            read_body(row.body),
            row.hash,
            row.submitted_at,
            row.submitted_by_name,
            row.verdict or "",
            row.edition,
            row.reason or "",
            row.decided_at,
            row.decided_by_name or "",
        )
        for row in rows
    ]


_WAY = tuple(_W.c[name] for name in DeliveryFacts.__struct_fields__)


async def list_deliveries(reader: Reader, report_id: UUID) -> list[DeliveryFacts]:
    """Return how a report was sent, newest first."""
    rows = await reader.session.execute(
        select(*_WAY)
        .where(_W.c.tenant_id == reader.tenant_id, _W.c.report_id == report_id)
        .order_by(_W.c.delivery_id.desc())
    )
    return [DeliveryFacts(*row) for row in rows]


async def get_delivery(reader: Reader, delivery_id: UUID) -> DeliveryFacts:
    """Return one delivery; raise NotFound when this tenant has none of that id."""
    row = (
        await reader.session.execute(
            select(*_WAY).where(_W.c.tenant_id == reader.tenant_id, _W.c.delivery_id == delivery_id)
        )
    ).first()
    if row is None:
        raise NotFound("no such delivery")
    return DeliveryFacts(*row)


async def find_shown(reader: Reader, complaint_id: UUID) -> Shown | None:
    """Return what the customer may see: the newest edition that was sent to them, None when nothing was."""
    report = await find_report_of(reader, complaint_id)
    sent = await list_deliveries(reader, report.report_id) if report is not None else []
    if report is None or not sent:
        return None
    edition = max(one.edition for one in sent)
    version = next(one for one in await list_versions(reader, report.report_id) if one.edition == edition)
    older = max((one.sent_at for one in sent if one.edition < edition), default=None)
    return Shown(report, version, tuple(one for one in sent if one.edition == edition), older)


async def list_to_approve(reader: Reader) -> list[WaitingReport]:
    """Return the reports that wait for a role the reader holds, the longest wait first."""
    about = and_(_C.c.tenant_id == _R.c.tenant_id, _C.c.complaint_id == _R.c.complaint_id)
    newest = and_(_V.c.tenant_id == _R.c.tenant_id, _V.c.report_id == _R.c.report_id, _V.c.version == _R.c.version)
    rows = await reader.session.execute(
        select(
            *(_R.c.complaint_id, _R.c.number, _C.c.number, _C.c.title, _C.c.severity),
            *(_V.c.submitted_at, _V.c.submitted_by_name),
        )
        .select_from(_R.join(_C, about).join(_V, newest))
        .where(_mine(reader), _R.c.state == "submitted", _R.c.approver.in_(sorted(reader.actor.roles)))
        .order_by(_V.c.submitted_at)
        .limit(50)
    )
    return [WaitingReport(*row) for row in rows]


@Counter
def count_to_approve(asked: Asked) -> Select[int]:
    """Return how many reports wait for a role the reader holds."""
    waits = (_R.c.state == "submitted", _R.c.approver.in_(sorted(asked.actor.roles)))
    return select(func.count()).select_from(_R).where(_R.c.tenant_id == asked.tenant_id, *waits)


async def list_unopened(reader: Reader) -> list[WaitingReport]:
    """Return deliveries of which the customer was reminded and that still nobody opened; one line per case."""
    joined = _W.join(_R, and_(_R.c.tenant_id == _W.c.tenant_id, _R.c.report_id == _W.c.report_id)).join(
        _C, and_(_C.c.tenant_id == _W.c.tenant_id, _C.c.complaint_id == _W.c.complaint_id)
    )
    rows = await reader.session.execute(
        select(
            *(_W.c.complaint_id, _R.c.number, _C.c.number, _C.c.title, _C.c.severity),
            *(_W.c.sent_at, _W.c.sent_by_name),
        )
        .select_from(joined)
        .where(
            _W.c.tenant_id == reader.tenant_id,
            _W.c.reminded_at.is_not(None),
            _W.c.received_at.is_(None),
            _W.c.superseded_at.is_(None),
        )
        .order_by(_W.c.sent_at)
        .limit(50)
    )
    return [WaitingReport(*row) for row in rows]
