"""Reads contacts and consents; `find_refusing` is what every sender asks before it writes or calls."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from core.contacts.models import ContactConsent, CustomerContact
from core.contacts.rules import ALL, ALLOWED_UNASKED, CHANNELS, MESSAGE_PURPOSES, PURPOSES, Answer, is_allowed
from core.customers.models import Customer
from core.db import table_of
from core.uow import Reader

_T, _A, _C = table_of(CustomerContact), table_of(ContactConsent), table_of(Customer)


class ContactRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One way to reach a customer beyond phones."""

    contact_id: UUID
    kind: str
    value: str
    label: str
    created_at: datetime


class ConsentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One answer as it was given."""

    consent_id: UUID
    purpose: str
    channel: str
    decision: str
    source: str
    text_shown: str
    actor_name: str
    at: datetime


class PurposeState(msgspec.Struct, frozen=True, kw_only=True):
    """What holds today for one purpose: per channel, whether somebody was ever asked, and the last answer."""

    purpose: str
    allowed: dict[str, bool]
    asked: bool
    last: ConsentRecord | None = None

    @property
    def any_allowed(self) -> bool:
        """At least one channel is open."""
        return any(self.allowed.values())


# A statement takes 32,767 parameters at most, and a campaign asks for everybody.
_BATCH = 5000
_CONTACT = tuple(_T.c[name] for name in ContactRecord.__struct_fields__)
_CONSENT = tuple(_A.c[name] for name in ConsentRecord.__struct_fields__)


async def find_refusing(reader: Reader, customer_ids: Collection[UUID], *, purpose: str, channel: str) -> set[UUID]:
    """Return which of these customers must not be contacted for the purpose on the channel.

    Who never answered is refused unless the purpose needs no consent; who is no longer there is always refused.
    """
    if purpose not in MESSAGE_PURPOSES or channel not in CHANNELS:
        raise ValueError(f"no such purpose or channel: {purpose}, {channel}")
    unasked = "granted" if purpose in ALLOWED_UNASKED else "withdrawn"
    refusing: set[UUID] = set()
    wanted = list(dict.fromkeys(customer_ids))
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        active = _C.c.tenant_id == reader.tenant_id, _C.c.customer_id.in_(batch), _C.c.state == "active"
        there = set(await reader.session.scalars(select(_C.c.customer_id).where(*active)))
        # The answers of those who were merged into somebody are that person's too; the last one holds.
        joined = select(_C.c.customer_id, _C.c.merged_into).where(
            _C.c.tenant_id == reader.tenant_id, _C.c.merged_into.in_(batch)
        )
        merged = {row.customer_id: row.merged_into for row in await reader.session.execute(joined)}
        covering = (
            _A.c.tenant_id == reader.tenant_id,
            _A.c.customer_id.in_([*batch, *merged]),
            _A.c.purpose == purpose,
        )
        latest = (
            select(_A.c.customer_id, _A.c.decision, _A.c.consent_id)
            .ext(distinct_on(_A.c.customer_id))
            .where(*covering, _A.c.channel.in_([ALL, channel]))
            .order_by(_A.c.customer_id, _A.c.consent_id.desc())
        )
        answers = sorted(await reader.session.execute(latest), key=lambda row: row.consent_id)
        decided = {merged.get(row.customer_id, row.customer_id): row.decision for row in answers}
        refusing |= {one for one in batch if one not in there or decided.get(one, unasked) == "withdrawn"}
    return refusing


async def list_contacts(reader: Reader, customer_id: UUID) -> list[ContactRecord]:
    """Return a customer's contacts in the order they were written down."""
    mine = (_T.c.tenant_id == reader.tenant_id, _T.c.customer_id == customer_id)
    rows = await reader.session.execute(select(*_CONTACT).where(*mine).order_by(_T.c.contact_id))
    return [ContactRecord(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


async def list_consents(reader: Reader, customer_ids: Sequence[UUID]) -> list[ConsentRecord]:
    """Return every answer of a customer (or of the records merged into one), oldest first."""
    mine: tuple[Any, ...] = (_A.c.tenant_id == reader.tenant_id, _A.c.customer_id.in_(customer_ids))
    rows = await reader.session.execute(select(*_CONSENT).where(*mine).order_by(_A.c.consent_id))
    return [ConsentRecord(**row._mapping) for row in rows]  # noqa: SLF001 - as above


async def get_consent_state(reader: Reader, customer_ids: Sequence[UUID]) -> tuple[PurposeState, ...]:
    """Return what holds today for every purpose; one statement."""
    given = await list_consents(reader, customer_ids)
    answers = [Answer(one.purpose, one.channel, one.decision) for one in given]
    states = []
    for purpose in PURPOSES:
        channels: tuple[str, ...] = CHANNELS if purpose in MESSAGE_PURPOSES else (ALL,)
        mine = [one for one in given if one.purpose == purpose]
        states.append(
            PurposeState(
                purpose=purpose,
                allowed={channel: is_allowed(answers, purpose=purpose, channel=channel) for channel in channels},
                asked=bool(mine),
                last=mine[-1] if mine else None,
            )
        )
    return tuple(states)


async def find_by_email(reader: Reader, address: str) -> list[UUID]:
    """Return the customers who gave this e-mail address; those who were merged count as who they became."""
    who = func.coalesce(_C.c.merged_into, _C.c.customer_id)
    query = (
        select(who)
        .join(_T, (_T.c.tenant_id == _C.c.tenant_id) & (_T.c.customer_id == _C.c.customer_id))
        .where(_T.c.tenant_id == reader.tenant_id, _T.c.kind == "email", _T.c.value == address)
        .distinct()
    )
    return list(await reader.session.scalars(query))
