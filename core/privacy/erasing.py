"""Erases a person: every holding in one transaction, a receipt, and a tombstone for backups that come back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.models import Customer
from core.customers.queries import list_cluster
from core.db import new_id, table_of
from core.errors import Conflict
from core.evidence.queries import list_held_numbers, list_holds
from core.privacy.catalogue import catalogue
from core.privacy.deeds import list_phones, split_papers
from core.privacy.holdings import Holding, Ids, Person, count_left, erase_rows, find_ids
from core.privacy.models import PrivacyReceipt, PrivacyRequest, PrivacyTombstone
from core.privacy.plugin_data import ask_to_erase
from core.privacy.queries import RequestRecord, get_request, list_open_complaints, list_untouched
from core.privacy.rules import AreaLine, ReceiptBody, held_line, keep_until, receipt_hash
from core.uow import UnitOfWork

_C, _R = table_of(Customer), table_of(PrivacyRequest)
_Z, _T = table_of(PrivacyReceipt), table_of(PrivacyTombstone)
ERASE_TASK = "privacy.erase"
REST_TASK = "privacy.erase_rest"
KEEP_TASK = "privacy.keep_tombstone"


class ComplaintStillOpen(Conflict):
    """Somebody with an open complaint is not erased without a reason: the case needs to know whom to call."""

    code = "complaint-still-open"


class NotErasable(Conflict):
    """The request is not about an erasure, or has ended."""

    code = "request-ended"


async def erase_for_request(uow: UnitOfWork, *, request_id: UUID) -> UUID | None:
    """Do what a running request asks for and return the receipt; None when it was done before.

    Raises:
        ComplaintStillOpen: a complaint was filed since, and nobody overrode it.
    """
    request = await get_request(uow, request_id)
    if request.state == "done":
        return None
    if request.kind != "erasure" or request.state != "running":
        raise NotErasable
    people = await list_cluster(uow, request.customer_id)
    if not request.override_reason:
        numbers = await list_open_complaints(uow, people)
        if numbers:
            raise ComplaintStillOpen(number=numbers[0])
    receipt_id = await erase_person(uow, people, request=request)
    await uow.session.execute(
        update(_R)
        .where(_R.c.tenant_id == uow.tenant_id, _R.c.request_id == request_id)
        .values(state="done", receipt_id=receipt_id, ended_at=uow.now)
    )
    uow.publish("privacy", {"request_id": str(request_id)})
    return receipt_id


async def erase_person(uow: UnitOfWork, customer_ids: Sequence[UUID], *, request: RequestRecord | None = None) -> UUID:
    """Erase one person (a record and all merged into it) from every holding, plugins' first; return the receipt.

    Raises:
        PluginFault: a plugin that holds data did not erase them; nothing is done.
    """
    of_plugins = await ask_to_erase(uow, customer_ids)
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id.in_(customer_ids))
    rows = (
        await uow.session.execute(
            select(_C.c.customer_id, _C.c.number).where(*mine).order_by(_C.c.number).with_for_update()
        )
    ).all()
    everything = await find_ids(uow, customer_ids)
    held = {one.complaint_id for one in await list_holds(uow, everything.get("complaint", set()), live=True)}
    # A legal hold keeps the whole case: its words and calls, its report and minutes, and not its files alone.
    ids = await find_ids(uow, customer_ids, spared={"complaint": held}) | {"held": held}
    papers_until = await split_papers(uow, ids)
    await split_papers(uow, everything)
    person = Person(ids, await list_phones(uow, set(customer_ids)))
    register = catalogue()
    counts: dict[str, int] = {}
    for holding in reversed(register.values()):
        counts[holding.name] = await erase_rows(uow, holding, person)
    lines = [
        line for holding in register.values() for line in await _lines(uow, holding, everything, counts[holding.name])
    ]
    lines += of_plugins
    lines += [held_line(number) for number in await list_held_numbers(uow, held)]
    number = await uow.next_number("privacy_receipt")
    body = ReceiptBody(
        number=number,
        customer_numbers=tuple(row.number for row in rows),
        requested_at=request.created_at if request else None,
        erased_at=uow.now,
        erased_by=request.ended_by_name if request else uow.actor.name,
        override_reason=request.override_reason if request else "",
        lines=tuple(lines),
    )
    receipt_id = await _keep_receipt(uow, customer_ids[0], number, body)
    await _keep_tombstones(uow, [row.customer_id for row in rows])
    if papers_until is not None:
        payload = {"customer_id": str(customer_ids[0])}
        await uow.enqueue(REST_TASK, payload, run_at=papers_until, dedupe_key=f"{REST_TASK}:{customer_ids[0]}")
    uow.audit("privacy.erase", "customer", customer_ids[0], {"receipt": number, "rows": sum(counts.values())})
    uow.publish("customers", {"customer_id": str(customer_ids[0])})
    for row in rows:
        uow.announce("customer.erased", {"customer_id": row.customer_id})
    return receipt_id


async def _lines(uow: UnitOfWork, holding: Holding, ids: Ids, done: int) -> list[AreaLine]:
    """What the receipt says about one table: what went, and what is left for which reason until when."""
    lines = []
    if done:
        deed: Any = "deleted" if holding.erase == "delete" else "blanked"
        lines.append(AreaLine(area=holding.area, table=holding.name, deed=deed, count=done))
    if holding.law is not None:
        count, newest = await count_left(uow, holding, ids)
        if count:
            until = keep_until(newest, holding.law) if isinstance(newest, datetime) else None
            line = AreaLine(
                area=holding.area, table=holding.name, deed="kept", count=count, reason=holding.law.reason, until=until
            )
            lines.append(line)
    return lines


async def _keep_receipt(uow: UnitOfWork, customer_id: UUID, number: int, body: ReceiptBody) -> UUID:
    receipt_id = new_id()
    plain = msgspec.json.decode(msgspec.json.encode(body))
    await uow.session.execute(
        insert(_Z).values(
            tenant_id=uow.tenant_id,
            receipt_id=receipt_id,
            number=number,
            customer_id=customer_id,
            body=plain,
            hash=receipt_hash(plain),
            at=uow.now,
        )
    )
    return receipt_id


async def _keep_tombstones(uow: UnitOfWork, customer_ids: Sequence[UUID]) -> None:
    for customer_id in customer_ids:
        row = {"tenant_id": uow.tenant_id, "customer_id": customer_id, "erased_at": uow.now}
        await uow.session.execute(upsert(_T).values(row).on_conflict_do_nothing())
        payload = {"customer_id": str(customer_id), "erased_at": uow.now.isoformat()}
        await uow.enqueue(KEEP_TASK, payload)


async def erase_rest(uow: UnitOfWork, *, customer_id: UUID) -> None:
    """Erase what a law held until today; the receipt of that day is written anew with what went."""
    await erase_person(uow, await list_cluster(uow, customer_id))


async def replay_erasures(uow: UnitOfWork, *, customer_ids: Sequence[UUID]) -> list[UUID]:
    """Erase again who came back with a restored backup; return who that was. Those already gone are left alone."""
    back = await list_untouched(uow, customer_ids)
    for customer_id in back:
        await erase_person(uow, [customer_id])
    await _keep_tombstones(uow, [one for one in customer_ids if one not in back])
    return back
