"""Hands out a person's own page, checks who opens it, and takes in and answers requests about data."""

import hmac
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from core.customers.models import Customer
from core.customers.queries import get_customer, list_cluster
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.privacy.erasing import ERASE_TASK, ComplaintStillOpen, NotErasable
from core.privacy.models import PrivacyLink, PrivacyRequest
from core.privacy.queries import (
    LinkRecord,
    RequestRecord,
    find_link,
    get_open_link,
    get_request,
    list_open_complaints,
    list_tails,
)
from core.privacy.rules import (
    CONFIRM_WORDS,
    LINK_DAYS,
    MAX_LINK_DAYS,
    MAX_TEXT,
    MAX_WRONG,
    TRY_PAUSE,
    RequestSource,
    due_at,
    is_confirmed,
    read_tail,
    request_problems,
)
from core.tenancy.actions import new_public_code
from core.uow import UnitOfWork

_L, _R, _C = table_of(PrivacyLink), table_of(PrivacyRequest), table_of(Customer)


class NoPhoneToAsk(Conflict):
    """The page asks for the last digits of a phone, and there is none on file."""

    code = "no-phone-to-ask"


async def create_link(uow: UnitOfWork, *, customer_id: UUID, days: int = LINK_DAYS) -> LinkRecord:
    """Make the address of a customer's own page; the one before stops working.

    Raises:
        NoPhoneToAsk: nothing could be asked of who opens it.
        InvalidInput: too long a time.
    """
    if not 1 <= days <= MAX_LINK_DAYS:
        raise InvalidInput((FieldProblem("days", "range", {"min": 1, "max": MAX_LINK_DAYS}),))
    await get_customer(uow, customer_id)
    if not await list_tails(uow, await list_cluster(uow, customer_id)):
        raise NoPhoneToAsk
    await _revoke(uow, customer_id)
    code = await new_public_code(uow)
    await uow.session.execute(
        insert(_L).values(
            tenant_id=uow.tenant_id,
            link_id=new_id(),
            code=code,
            customer_id=customer_id,
            created_by_name=uow.actor.name,
            created_at=uow.now,
            expires_at=uow.now + timedelta(days=days),
            revoked_at=None,
            wrong=0,
            tried_at=None,
            locked_at=None,
            opened_at=None,
        )
    )
    uow.audit("privacy.link", "customer", customer_id, {"days": days})
    return await find_link(uow, code)


async def revoke_link(uow: UnitOfWork, *, customer_id: UUID) -> None:
    """Take the address of a customer's own page back at once; twice is once."""
    await get_customer(uow, customer_id)
    await _revoke(uow, customer_id)
    uow.audit("privacy.revoke", "customer", customer_id)


async def _revoke(uow: UnitOfWork, customer_id: UUID) -> None:
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.customer_id == customer_id, _L.c.revoked_at.is_(None))
    await uow.session.execute(update(_L).where(*mine).values(revoked_at=uow.now))


async def prove_tail(uow: UnitOfWork, *, code: str, typed: str) -> bool:
    """Tell whether who opens the page knows the last four digits; the fifth wrong answer locks the link for good.

    A wrong answer must be committed by the caller: answering, not raising. An answer within two seconds of the one
    before counts as wrong, whatever it says, so that no program can try quickly.

    Raises:
        PrivacyLinkGone: 410.
    """
    link = await get_open_link(uow, code)
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.link_id == link.link_id)
    row = (await uow.session.execute(select(_L.c.wrong, _L.c.tried_at).where(*mine).with_for_update())).one()
    tails = await list_tails(uow, await list_cluster(uow, link.customer_id))
    tail = read_tail(typed)
    right = any([hmac.compare_digest(tail.encode(), one.encode()) for one in tails]) and len(tail) == 4  # noqa: C419 - all are compared, so that time tells nothing
    hasty = row.tried_at is not None and uow.now - row.tried_at < TRY_PAUSE
    if right and not hasty and row.wrong < MAX_WRONG:
        await uow.session.execute(
            update(_L).where(*mine).values(wrong=0, tried_at=uow.now, opened_at=link.opened_at or uow.now)
        )
        return True
    wrong = row.wrong + 1
    locked = uow.now if wrong >= MAX_WRONG else None
    await uow.session.execute(update(_L).where(*mine).values(wrong=wrong, tried_at=uow.now, locked_at=locked))
    if locked is not None:
        uow.audit("privacy.link_locked", "customer", link.customer_id)
    return False


async def ask(
    uow: UnitOfWork,
    *,
    customer_id: UUID,
    kind: str,
    source: RequestSource,
    text: str = "",
    confirm: str | None = None,
) -> UUID:
    """Write down a request with its due day; a second one for an erasure finds the first.

    Raises:
        InvalidInput: nothing said, or an erasure that was not confirmed by the typed word.
    """
    words = clean_text(text)
    problems = request_problems(kind=kind, text=words, confirm=confirm)
    if problems:
        raise InvalidInput(problems)
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id, _C.c.state == "active")
    if (await uow.session.execute(select(_C.c.customer_id).where(*mine).with_for_update())).first() is None:
        raise NotFound("no such customer")
    if kind == "erasure":
        same = (_R.c.tenant_id == uow.tenant_id, _R.c.customer_id == customer_id, _R.c.kind == kind)
        known = await uow.session.scalar(
            select(_R.c.request_id).where(*same, _R.c.state.in_(("open", "running"))).limit(1)
        )
        if known is not None:
            assert isinstance(known, UUID)
            return known
    request_id = new_id()
    await uow.session.execute(
        insert(_R).values(
            tenant_id=uow.tenant_id,
            request_id=request_id,
            number=await uow.next_number("privacy_request"),
            customer_id=customer_id,
            kind=kind,
            state="open",
            source=source,
            text=words,
            answer="",
            override_reason="",
            receipt_id=None,
            created_at=uow.now,
            created_by_name=uow.actor.name,
            due_at=due_at(uow.now),
            ended_at=None,
            ended_by_name="",
        )
    )
    uow.audit("privacy.ask", "customer", customer_id, {"kind": kind, "source": source})
    uow.publish("privacy", {"request_id": str(request_id)})
    return request_id


async def end_request(uow: UnitOfWork, *, request_id: UUID, state: str, answer: str = "") -> None:
    """Say that a request is done, or refuse it with the reason the person reads; an erasure is done by erasing only."""
    words = clean_text(answer)
    problems = []
    if state not in {"done", "refused"}:
        problems.append(FieldProblem("state", "bad-choice"))
    if state == "refused" and not words:
        problems.append(FieldProblem("answer", "required"))
    if len(words) > MAX_TEXT:
        problems.append(FieldProblem("answer", "too-long", {"max": MAX_TEXT}))
    if problems:
        raise InvalidInput(tuple(problems))
    request = await _open_request(uow, request_id)
    if request.kind == "erasure" and state == "done":
        raise NotErasable
    await _end(uow, request_id, state=state, answer=words)
    uow.audit(f"privacy.{state}", "privacy_request", request_id, {"kind": request.kind})


async def withdraw_request(uow: UnitOfWork, *, customer_id: UUID, request_id: UUID) -> None:
    """Take one's own request back while nobody acted on it."""
    request = await _open_request(uow, request_id)
    if request.customer_id != customer_id:
        raise NotFound("no such request")
    await _end(uow, request_id, state="withdrawn", answer="")
    uow.audit("privacy.withdraw", "privacy_request", request_id, {"kind": request.kind})


async def start_erasure(uow: UnitOfWork, *, request_id: UUID, confirm: str, override_reason: str = "") -> None:
    """Let the job erase the person; refused while a complaint is open unless a reason is given.

    Raises:
        ComplaintStillOpen: with the complaint's number.
        InvalidInput: the word was not typed.
    """
    if not is_confirmed(confirm):
        raise InvalidInput((FieldProblem("confirm", "not-confirmed", {"word": CONFIRM_WORDS[0]}),))
    request = await _open_request(uow, request_id)
    if request.kind != "erasure":
        raise NotErasable
    reason = clean_text(override_reason)[:500]
    numbers = await list_open_complaints(uow, await list_cluster(uow, request.customer_id))
    if numbers and not reason:
        raise ComplaintStillOpen(number=numbers[0])
    await uow.session.execute(
        update(_R)
        .where(_R.c.tenant_id == uow.tenant_id, _R.c.request_id == request_id)
        .values(state="running", override_reason=reason if numbers else "", ended_by_name=uow.actor.name)
    )
    await uow.enqueue(ERASE_TASK, {"request_id": str(request_id)}, dedupe_key=f"{ERASE_TASK}:{request_id}")
    uow.audit("privacy.start_erasure", "privacy_request", request_id, {"overridden": bool(numbers)})


async def _open_request(uow: UnitOfWork, request_id: UUID) -> RequestRecord:
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.request_id == request_id)
    await uow.session.execute(select(_R.c.request_id).where(*mine).with_for_update())
    request = await get_request(uow, request_id)
    if request.state != "open":
        raise NotErasable
    return request


async def _end(uow: UnitOfWork, request_id: UUID, *, state: str, answer: str) -> None:
    await uow.session.execute(
        update(_R)
        .where(_R.c.tenant_id == uow.tenant_id, _R.c.request_id == request_id)
        .values(state=state, answer=answer, ended_at=uow.now, ended_by_name=uow.actor.name)
    )
    uow.publish("privacy", {"request_id": str(request_id)})
