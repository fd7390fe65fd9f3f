"""Reads birthday gifts: those that may be fetched now, a customer's own, one by its code, and whose birthday comes."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, and_, func, or_, select

from core.asked import Asked
from core.birthdays.models import BirthdayGift
from core.birthdays.rules import is_current
from core.contacts.queries import find_refusing
from core.counts import Counter
from core.customers.models import Customer, Subject
from core.db import table_of
from core.errors import NotFound
from core.hooks.records.loyalty.offers import Birthday
from core.programs.queries import get_program
from core.uow import Reader

_G, _C, _S = table_of(BirthdayGift), table_of(Customer), table_of(Subject)


class GiftRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One gift with whose birthday it is."""

    gift_id: UUID
    key: str
    customer_id: UUID
    subject_id: UUID | None
    birthday_on: date
    opens_on: date
    closes_on: date
    terms: Birthday
    pickup_code: str
    state: str
    choice: int | None
    given: list[dict[str, Any]]
    handed_at: datetime | None
    handed_by_name: str
    customer_name: str
    customer_state: str
    phone_e164: str | None
    household_id: UUID | None
    subject_name: str | None
    born: date | None
    deceased_on: date | None

    @property
    def turns(self) -> int | None:
        """How old the pet becomes."""
        return self.birthday_on.year - self.born.year if self.born is not None else None


_JOINED = _G.join(_C, and_(_C.c.tenant_id == _G.c.tenant_id, _C.c.customer_id == _G.c.customer_id)).outerjoin(
    _S, and_(_S.c.tenant_id == _G.c.tenant_id, _S.c.subject_id == _G.c.subject_id)
)
_COLUMNS = (
    *(_G.c[name] for name in GiftRecord.__struct_fields__ if name in _G.c),
    _C.c.full_name.label("customer_name"),
    _C.c.state.label("customer_state"),
    _C.c.phone_e164,
    _C.c.household_id,
    _S.c.name.label("subject_name"),
    _S.c.birthday.label("born"),
    _S.c.deceased_on,
)


def _record(row: Any) -> GiftRecord:
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    values["terms"] = msgspec.convert(values["terms"], Birthday)
    return GiftRecord(**values)


def _all(reader: Reader) -> Select[Any]:
    return select(*_COLUMNS).select_from(_JOINED).where(_G.c.tenant_id == reader.tenant_id)


def _alive(reader: Reader | Asked, query: Select[Any]) -> Select[Any]:
    """What can be fetched today: not for a pet that has died, and not for somebody who is gone."""
    return query.where(
        _G.c.state == "open",
        _G.c.closes_on >= reader.today,
        _G.c.opens_on <= reader.today,
        _C.c.state == "active",
        or_(_G.c.subject_id.is_(None), and_(_S.c.deceased_on.is_(None), _S.c.merged_into.is_(None))),
    )


async def find_rules(reader: Reader) -> tuple[Birthday, ...]:
    """Return the birthday rules that count today."""
    program = await get_program(reader)
    today = reader.today
    return tuple(rule for rule in (program.live(Birthday) if program else ()) if is_current(rule, today))


async def list_open_gifts(reader: Reader, customer_id: UUID) -> list[GiftRecord]:
    """Return what a customer may fetch today, with the code to show: for the member card and the desk."""
    query = _alive(reader, _all(reader)).where(_G.c.customer_id == customer_id)
    rows = await reader.session.execute(query.order_by(_G.c.birthday_on, _G.c.gift_id))
    return await _once(reader, [_record(row) for row in rows])


async def list_due_gifts(
    reader: Reader, *, typed: str = "", after: tuple[date, UUID] | None = None, limit: int = 25
) -> list[GiftRecord]:
    """Return what may be fetched today, the earliest birthday first; `typed` is a code, and `after` the last one seen."""
    query = _alive(reader, _all(reader))
    if typed:
        query = query.where(_G.c.pickup_code == typed)
    if after is not None:
        query = query.where(
            or_(_G.c.birthday_on > after[0], and_(_G.c.birthday_on == after[0], _G.c.gift_id > after[1]))
        )
    rows = await reader.session.execute(query.order_by(_G.c.birthday_on, _G.c.gift_id).limit(limit))
    return await _once(reader, [_record(row) for row in rows])


async def list_handed_gifts(reader: Reader, *, limit: int = 25) -> list[GiftRecord]:
    """Return what was handed out last."""
    query = _all(reader).where(_G.c.state == "handed").order_by(_G.c.handed_at.desc()).limit(limit)
    return [_record(row) for row in await reader.session.execute(query)]


@Counter
def count_due_gifts(asked: Asked) -> Select[int]:
    """Return how many gifts may be fetched today."""
    return _alive(asked, select(func.count()).select_from(_JOINED).where(_G.c.tenant_id == asked.tenant_id))


async def get_gift(reader: Reader, gift_id: UUID) -> GiftRecord:
    """Return one gift; raise NotFound when there is none."""
    row = (await reader.session.execute(_all(reader).where(_G.c.gift_id == gift_id))).first()
    if row is None:
        raise NotFound("no such gift")
    return _record(row)


async def find_handed(reader: Reader, gift: GiftRecord) -> UUID | None:
    """Return another gift of the same year that this pet, person or household was handed already.

    Two records that became one each had a gift; the pet has one birthday.
    """
    if gift.terms.once_per == "household" and gift.household_id is not None:
        roof = select(_C.c.customer_id).where(
            _C.c.tenant_id == reader.tenant_id, _C.c.household_id == gift.household_id
        )
        same: Any = _G.c.customer_id.in_(roof)
    elif gift.subject_id is not None:
        same = _G.c.subject_id == gift.subject_id
    else:
        same = (_G.c.customer_id == gift.customer_id) & _G.c.subject_id.is_(None)
    year = (date(gift.birthday_on.year, 1, 1), date(gift.birthday_on.year, 12, 31))
    query = select(_G.c.gift_id).where(
        _G.c.tenant_id == reader.tenant_id,
        same,
        _G.c.gift_id != gift.gift_id,
        _G.c.state == "handed",
        _G.c.birthday_on.between(*year),
    )
    found: UUID | None = await reader.session.scalar(query.limit(1))
    return found


async def find_silent(reader: Reader, gifts: Sequence[GiftRecord]) -> set[UUID]:
    """Return the customers among them who must not be called about it."""
    ids = [one.customer_id for one in gifts]
    return await find_refusing(reader, ids, purpose="marketing", channel="phone") if ids else set()


async def _once(reader: Reader, gifts: list[GiftRecord]) -> list[GiftRecord]:
    """Leave out what a merge made double: the same pet's second gift, and one whose twin was handed out."""
    seen: set[tuple[Any, int]] = set()
    kept = []
    handed = await _handed_pets(reader, gifts)
    for gift in gifts:
        one = (gift.subject_id or gift.customer_id, gift.birthday_on.year)
        if one not in seen and one not in handed:
            kept.append(gift)
        seen.add(one)
    return kept


async def _handed_pets(reader: Reader, gifts: list[GiftRecord]) -> set[tuple[Any, int]]:
    pets = {gift.subject_id for gift in gifts if gift.subject_id is not None}
    if not pets:
        return set()
    oldest = min(gift.birthday_on for gift in gifts).replace(month=1, day=1)
    rows = await reader.session.execute(
        select(_G.c.subject_id, _G.c.birthday_on).where(
            _G.c.tenant_id == reader.tenant_id,
            _G.c.subject_id.in_(pets),
            _G.c.state == "handed",
            _G.c.birthday_on >= oldest,
        )
    )
    return {(row.subject_id, row.birthday_on.year) for row in rows}
