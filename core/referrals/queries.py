"""Reads referrals: a member's codes, one case with both names, the list to decide, and what a case turns on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, and_, func, select

from core.asked import Asked
from core.counts import Counter
from core.customers.models import Customer
from core.customers.queries import find_present_customer
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.loyalty.offers import Referral
from core.loyalty.models import Purchase
from core.programs.queries import get_program
from core.referrals.models import ReferralCase, ReferralCode
from core.referrals.rules import Failed, Spent, Typed, is_current
from core.uow import Reader

_N, _R, _P = table_of(ReferralCode), table_of(ReferralCase), table_of(Purchase)
_A, _B = table_of(Customer).alias("referrer"), table_of(Customer).alias("referee")


class CodeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A member's codes."""

    customer_id: UUID
    code: str
    short: str
    created_at: datetime


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was given; `taken` says after a reversal what could be taken back."""

    side: str
    key: str
    reward: dict[str, Any]
    at: str
    taken: str = ""


class CaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One case with the names of both."""

    case_id: UUID
    number: int
    referrer_id: UUID
    referee_id: UUID | None
    slip: str | None
    via: str
    device_hash: str | None
    rule_id: str
    rule_version: str
    terms: Referral
    min_fen: int
    state: str
    resumes: str | None
    failed: tuple[Failed, ...]
    cleared: tuple[str, ...]
    given: tuple[Gift, ...]
    purchase_id: UUID | None
    invited_at: datetime
    registered_at: datetime | None
    qualified_at: datetime | None
    hold_until: datetime | None
    held_at: datetime | None
    rewarded_at: datetime | None
    ended_at: datetime | None
    ended_code: str
    decided_at: datetime | None
    decided_by_name: str
    reason: str
    entered_by_name: str
    expires_at: datetime
    referrer_name: str
    referee_name: str | None
    referrer_state: str
    referee_state: str | None


_CODE = tuple(_N.c[name] for name in CodeRecord.__struct_fields__)
_JOINED = _R.join(_A, and_(_A.c.tenant_id == _R.c.tenant_id, _A.c.customer_id == _R.c.referrer_id)).outerjoin(
    _B, and_(_B.c.tenant_id == _R.c.tenant_id, _B.c.customer_id == _R.c.referee_id)
)
_NAMES = (
    _A.c.full_name.label("referrer_name"),
    _B.c.full_name.label("referee_name"),
    _A.c.state.label("referrer_state"),
    _B.c.state.label("referee_state"),
)
_OWN = tuple(_R.c[name] for name in CaseRecord.__struct_fields__ if name in _R.c)


def _record(row: Any) -> CaseRecord:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    values["terms"] = msgspec.convert(values["terms"], Referral)
    values["failed"] = msgspec.convert(values["failed"], tuple[Failed, ...])
    values["given"] = msgspec.convert(values["given"], tuple[Gift, ...])
    values["cleared"] = tuple(values["cleared"])
    return CaseRecord(**values)


async def find_rule(reader: Reader) -> Referral | None:
    """Return the referral rule that counts today; of the templates in one group a program has one live."""
    program = await get_program(reader)
    today = reader.today
    rules = program.live(Referral) if program else ()
    return next((rule for rule in rules if is_current(rule, today)), None)


async def find_code(reader: Reader, customer_id: UUID) -> CodeRecord | None:
    """Return a member's codes, or None while nobody made them."""
    mine = (_N.c.tenant_id == reader.tenant_id, _N.c.customer_id == customer_id)
    row = (await reader.session.execute(select(*_CODE).where(*mine))).first()
    return CodeRecord(**row._mapping) if row else None  # noqa: SLF001 - as above


class Inviter(msgspec.Struct, frozen=True):
    """Who invites, as they are known today."""

    customer_id: UUID
    full_name: str


async def get_inviter(reader: Reader, code: str) -> Inviter:
    """Return who invites with the code of a public page; raise NotFound when nobody does (any more)."""
    found = await find_inviter(reader, Typed(code=code))
    if found is None:
        raise NotFound("no such invitation")
    return found


async def find_inviter(reader: Reader, typed: Typed) -> Inviter | None:
    """Return the member behind a code or a short code; None for a slip, for nobody, and for who was removed."""
    column, value = (_N.c.code, typed.code) if typed.code else (_N.c.short, typed.short)
    if not value:
        return None
    owner = await reader.session.scalar(
        select(_N.c.customer_id).where(_N.c.tenant_id == reader.tenant_id, column == value)
    )
    if owner is None:
        return None
    present = await find_present_customer(reader, owner)
    name = await reader.session.scalar(
        select(_A.c.full_name).where(
            _A.c.tenant_id == reader.tenant_id, _A.c.customer_id == present, _A.c.state == "active"
        )
    )
    return Inviter(present, name) if name is not None else None


async def find_slip(reader: Reader, slip: str) -> UUID | None:
    """Return the open case that was handed out under this number."""
    mine = (_R.c.tenant_id == reader.tenant_id, _R.c.slip == slip, _R.c.state == "invited")
    found: UUID | None = await reader.session.scalar(select(_R.c.case_id).where(*mine))
    return found


async def find_device_slip(reader: Reader, *, referrer_id: UUID, device_hash: str) -> str | None:
    """Return the number that this phone was given for this member's invitation and that is still good."""
    mine = (
        _R.c.tenant_id == reader.tenant_id,
        _R.c.device_hash == device_hash,
        _R.c.referrer_id == referrer_id,
        _R.c.state == "invited",
        _R.c.expires_at > reader.now,
    )
    found: str | None = await reader.session.scalar(select(_R.c.slip).where(*mine).order_by(_R.c.case_id.desc()))
    return found


async def get_case(reader: Reader, case_id: UUID) -> CaseRecord:
    """Return one case; raise NotFound when there is none."""
    mine = (_R.c.tenant_id == reader.tenant_id, _R.c.case_id == case_id)
    row = (await reader.session.execute(select(*_OWN, *_NAMES).select_from(_JOINED).where(*mine))).first()
    if row is None:
        raise NotFound("no such referral")
    return _record(row)


async def find_case_of(reader: Reader, referee_id: UUID) -> UUID | None:
    """Return the case by which this customer came, if any."""
    mine = (_R.c.tenant_id == reader.tenant_id, _R.c.referee_id == referee_id)
    found: UUID | None = await reader.session.scalar(select(_R.c.case_id).where(*mine))
    return found


async def list_cases(
    reader: Reader,
    *,
    states: Sequence[str] = (),
    referrer_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 25,
) -> list[CaseRecord]:
    """Return the newest first; `before` is the last one seen."""
    query = select(*_OWN, *_NAMES).select_from(_JOINED).where(_R.c.tenant_id == reader.tenant_id)
    if states:
        query = query.where(_R.c.state.in_(list(states)))
    if referrer_id is not None:
        query = query.where(_R.c.referrer_id == referrer_id)
    if before is not None:
        query = query.where(_R.c.case_id < before)
    rows = await reader.session.execute(query.order_by(_R.c.case_id.desc()).limit(limit))
    return [_record(row) for row in rows]


@Counter
def count_held(asked: Asked) -> Select[int]:
    """Return how many cases wait for a decision."""
    return select(func.count()).select_from(_R).where(_R.c.tenant_id == asked.tenant_id, _R.c.state == "held")


async def count_by_state(reader: Reader) -> dict[str, int]:
    """Return how many cases are in each state that occurs."""
    query = select(_R.c.state, func.count()).where(_R.c.tenant_id == reader.tenant_id).group_by(_R.c.state)
    return {row[0]: int(row[1]) for row in await reader.session.execute(query)}


async def find_spent(reader: Reader, case: CaseRecord, *, since: datetime) -> Spent | None:
    """Return the newcomer's first purchase since then that reaches the minimum and was not taken back below it."""
    if case.referee_id is None:
        return None
    query = (
        select(_P.c.purchase_id, _P.c.occurred_at)
        .where(_P.c.tenant_id == reader.tenant_id, _P.c.customer_id == case.referee_id)
        .where(_P.c.occurred_at >= since, _P.c.occurred_at < case.expires_at)
        .where(_P.c.paid_fen - _P.c.refunded_fen >= max(case.min_fen, 1))
        .order_by(_P.c.occurred_at, _P.c.purchase_id)
        .limit(1)
    )
    row = (await reader.session.execute(query)).first()
    return Spent(row.purchase_id, row.occurred_at) if row else None


async def count_devices(reader: Reader, case: CaseRecord) -> int:
    """Return how many other newcomers came from the very same phone."""
    if case.device_hash is None:
        return 0
    others = (
        _R.c.tenant_id == reader.tenant_id,
        _R.c.device_hash == case.device_hash,
        _R.c.case_id != case.case_id,
        _R.c.referee_id.is_not(None),
    )
    return int(await reader.session.scalar(select(func.count()).select_from(_R).where(*others)) or 0)


async def count_rewarded(reader: Reader, referrer_id: UUID, *, since: datetime) -> int:
    """Return for how many newcomers this member was rewarded since then."""
    mine = (_R.c.tenant_id == reader.tenant_id, _R.c.referrer_id == referrer_id, _R.c.rewarded_at >= since)
    return int(await reader.session.scalar(select(func.count()).select_from(_R).where(*mine)) or 0)
