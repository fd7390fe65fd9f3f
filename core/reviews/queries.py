"""Reads rewarded reviews: one claim with its customer and visit, the list to decide, earlier proofs, and addresses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Select, and_, func, or_, select

from core.asked import Asked
from core.counts import Counter
from core.customers.models import Customer
from core.customers.queries import list_cluster
from core.db import table_of
from core.errors import Gone, NotFound
from core.hooks.records.loyalty.offers import ReviewReward
from core.programs.queries import get_program
from core.reviews.models import ReviewClaim, ReviewLink
from core.reviews.rules import Earlier, Failed
from core.uow import Reader
from core.visits.models import Visit

_R, _L, _C, _V = table_of(ReviewClaim), table_of(ReviewLink), table_of(Customer), table_of(Visit)
COMPARED: Final = 5000
"""A picture is compared with so many of the newest; the very same one is found however old it is."""


class ReviewLinkOver(Gone):
    """The address to show a review is older than it was made for, or was taken back."""

    code = "review-link-over"


class ClaimRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One claim with its customer's name and its visit."""

    claim_id: UUID
    number: int
    customer_id: UUID
    visit_id: UUID | None
    platform: str
    link: str
    link_key: str
    file_id: UUID | None
    about_staff_id: UUID | None
    source: str
    filed_by: UUID | None
    filed_by_name: str
    filed_at: datetime
    choice: int | None
    rule_id: str
    terms: ReviewReward
    state: str
    failed: tuple[Failed, ...]
    given: list[dict[str, Any]]
    decided_at: datetime | None
    decided_by_name: str
    reason: str
    customer_name: str
    visit_number: int | None
    visit_at: datetime | None
    clinician_id: UUID | None

    @property
    def concerned(self) -> frozenset[UUID]:
        """Whom the review is about, as far as it is known."""
        return frozenset(one for one in (self.about_staff_id, self.clinician_id) if one is not None)


class OpenVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that a review may be about: nobody showed one for it yet."""

    visit_id: UUID
    number: int
    started_at: datetime


class LinkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's address to show a review."""

    code: str
    customer_id: UUID
    expires_at: datetime


_JOINED = _R.join(_C, and_(_C.c.tenant_id == _R.c.tenant_id, _C.c.customer_id == _R.c.customer_id)).outerjoin(
    _V, and_(_V.c.tenant_id == _R.c.tenant_id, _V.c.visit_id == _R.c.visit_id)
)
_MORE = (
    _C.c.full_name.label("customer_name"),
    _V.c.number.label("visit_number"),
    _V.c.started_at.label("visit_at"),
    _V.c.clinician_id,
)
_OWN = tuple(_R.c[name] for name in ClaimRecord.__struct_fields__ if name in _R.c)


def _record(row: Any) -> ClaimRecord:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    values["terms"] = msgspec.convert(values["terms"], ReviewReward)
    values["failed"] = msgspec.convert(values["failed"], tuple[Failed, ...])
    return ClaimRecord(**values)


async def find_rule(reader: Reader) -> ReviewReward | None:
    """Return the rule about reviews that counts today."""
    program = await get_program(reader)
    today = reader.today
    rules = program.live(ReviewReward) if program else ()
    current = (
        rule
        for rule in rules
        if (rule.starts_on is None or rule.starts_on <= today) and (rule.ends_on is None or today <= rule.ends_on)
    )
    return next(current, None)


async def get_claim(reader: Reader, claim_id: UUID) -> ClaimRecord:
    """Return one claim; raise NotFound when there is none."""
    mine = (_R.c.tenant_id == reader.tenant_id, _R.c.claim_id == claim_id)
    row = (await reader.session.execute(select(*_OWN, *_MORE).select_from(_JOINED).where(*mine))).first()
    if row is None:
        raise NotFound("no such review")
    return _record(row)


async def list_claims(
    reader: Reader,
    *,
    states: Sequence[str] = (),
    customer_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 25,
) -> list[ClaimRecord]:
    """Return the newest first; `before` is the last one seen."""
    query = select(*_OWN, *_MORE).select_from(_JOINED).where(_R.c.tenant_id == reader.tenant_id)
    if states:
        query = query.where(_R.c.state.in_(list(states)))
    if customer_id is not None:
        query = query.where(_R.c.customer_id == customer_id)
    if before is not None:
        query = query.where(_R.c.claim_id < before)
    rows = await reader.session.execute(query.order_by(_R.c.claim_id.desc()).limit(limit))
    return [_record(row) for row in rows]


@Counter
def count_waiting(asked: Asked) -> Select[int]:
    """Return how many claims nobody has looked at."""
    return select(func.count()).select_from(_R).where(_R.c.tenant_id == asked.tenant_id, _R.c.state == "waiting")


async def list_earlier(
    reader: Reader, *, customer_id: UUID, sha256: str | None, with_look: bool, key: str
) -> list[Earlier]:
    """Return claims whose proof may be the same: the very picture or link of any time, and the newest pictures."""
    columns = (_R.c.number, _R.c.customer_id, _R.c.sha256, _R.c.look, _R.c.link_key)
    same = [_R.c.sha256 == sha256] if sha256 is not None else []
    same += [_R.c.link_key == key] if key else []
    here = _R.c.tenant_id == reader.tenant_id
    rows: dict[int, Any] = {}
    if same:
        exact = select(*columns).where(here, or_(*same)).limit(20)
        rows |= {row.number: row for row in await reader.session.execute(exact)}
    if with_look:
        newest = select(*columns).where(here, _R.c.look.is_not(None)).order_by(_R.c.claim_id.desc()).limit(COMPARED)
        rows |= {row.number: row for row in await reader.session.execute(newest)}
    return [
        Earlier(
            number=row.number,
            same_customer=row.customer_id == customer_id,
            sha256=row.sha256,
            look=row.look,
            link_key=row.link_key,
        )
        for row in sorted(rows.values(), key=lambda row: int(row.number))
    ]


async def list_filed(reader: Reader, *, customer_id: UUID, platform: str, since: datetime) -> list[datetime]:
    """Return when this customer filed claims on a platform that were not rejected."""
    mine = (
        _R.c.tenant_id == reader.tenant_id,
        _R.c.customer_id.in_(await list_cluster(reader, customer_id)),
        _R.c.platform == platform,
        _R.c.state != "rejected",
        _R.c.filed_at >= since,
    )
    return list(await reader.session.scalars(select(_R.c.filed_at).where(*mine)))


async def list_open_visits(reader: Reader, customer_id: UUID, *, since: datetime, limit: int = 10) -> list[OpenVisit]:
    """Return a customer's visits since then for which nobody showed a review, newest first."""
    claimed = (
        select(_R.c.claim_id)
        .where(_R.c.tenant_id == _V.c.tenant_id, _R.c.visit_id == _V.c.visit_id, _R.c.state != "rejected")
        .exists()
    )
    query = (
        select(_V.c.visit_id, _V.c.number, _V.c.started_at)
        .where(_V.c.tenant_id == reader.tenant_id, _V.c.customer_id == customer_id, _V.c.started_at >= since)
        .where(_V.c.state != "cancelled", ~claimed)
        .order_by(_V.c.started_at.desc())
        .limit(limit)
    )
    return [OpenVisit(**row._mapping) for row in await reader.session.execute(query)]  # noqa: SLF001 - as above


async def find_open_link(reader: Reader, customer_id: UUID) -> LinkRecord | None:
    """Return the customer's address that is open, if there is one."""
    mine = (_L.c.tenant_id == reader.tenant_id, _L.c.customer_id == customer_id, _L.c.revoked_at.is_(None))
    query = select(_L.c.code, _L.c.customer_id, _L.c.expires_at).where(*mine, _L.c.expires_at > reader.now)
    row = (await reader.session.execute(query.order_by(_L.c.link_id.desc()).limit(1))).first()
    return LinkRecord(**row._mapping) if row else None  # noqa: SLF001 - as above


async def get_opened_link(reader: Reader, code: str) -> LinkRecord:
    """Return whose address this is.

    Raises:
        NotFound: no such code.
        ReviewLinkOver: it is too old, or was taken back.
    """
    columns = (_L.c.code, _L.c.customer_id, _L.c.expires_at, _L.c.revoked_at)
    mine = (_L.c.tenant_id == reader.tenant_id, _L.c.code == code)
    row = (await reader.session.execute(select(*columns).where(*mine))).first()
    if row is None:
        raise NotFound("no such address")
    if row.revoked_at is not None or row.expires_at <= reader.now:
        raise ReviewLinkOver
    return LinkRecord(code=row.code, customer_id=row.customer_id, expires_at=row.expires_at)
