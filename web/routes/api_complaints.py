"""The API's complaints: filed by another program or by a mail server, listed oldest first, and read one by one."""

import hashlib
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import FromPath, FromQuery

from core.complaints.actions.filing import file_complaint
from core.complaints.actions.joining import find_survivor
from core.complaints.actions.mailing import receive_mail
from core.complaints.queries.cases import ComplaintDetail, get_complaint
from core.complaints.queries.feed import ComplaintFact, list_filed
from core.complaints.rules.filing import Filing
from core.complaints.rules.letters import MAIL_LIMIT, MailRefused, read_mail
from core.complaints.rules.sources import (
    ApiCall,
    Email,
    PhoneCall,
    PlatformReview,
    RegulatorNotice,
    SocialPost,
    channel_of,
)
from core.errors import FieldProblem, InvalidInput, NotFound
from core.hooks.records.text import localized
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from web.api_bodies import answer, once_key, read_body
from web.once import once
from web.request import WebRequest
from web.routes.api import KeyReused
from web.screens import locale_of
from web.security import by_key
from web.views.complaints import STATES, number_text

_ROOT: Final = "/api/v1/complaints"
BODY_LIMIT: Final = 256 * 1024
PAGE: Final = 50
MOST: Final = 200


class NewApiComplaint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One complaint; `source` is a record with `kind` when it did not begin in the other program itself."""

    text: str
    desired: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    reference: str = ""
    """What the other program calls it."""
    source: PhoneCall | Email | SocialPost | PlatformReview | RegulatorNotice | None = None
    category: str | None = None
    branch_id: UUID | None = None
    customer_id: UUID | None = None
    subject_id: UUID | None = None
    estimate_fen: int | None = None
    bill_fen: int | None = None
    answers: dict[str, Any] = {}
    key: str = ""


class Clock(msgspec.Struct, frozen=True):
    """One promise."""

    milestone: str
    cycle: int
    status: str
    started_at: datetime | None
    due_at: datetime | None
    completed_at: datetime | None
    breached_at: datetime | None


@post(_ROOT, guards=[by_key("complaints.write")], request_max_body_size=BODY_LIMIT)
async def send_complaint(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    sent = await read_body(request, NewApiComplaint)
    if sent.branch_id is not None and sent.branch_id not in {one.branch_id for one in await list_branches(uow)}:
        raise NotFound("no such branch")
    source = sent.source or ApiCall(key_name=uow.actor.name.removeprefix("API · ")[:200], reference=sent.reference)
    filing = Filing(
        text=sent.text,
        desired=sent.desired,
        contact_name=sent.contact_name,
        contact_phone=sent.contact_phone,
        channel=channel_of(source),
        source=source,
        category=sent.category,
        branch_id=sent.branch_id,
        customer_id=sent.customer_id,
        subject_id=sent.subject_id,
        estimate_fen=sent.estimate_fen,
        bill_fen=sent.bill_fen,
        answers=sent.answers,
    )
    filed = await file_complaint(uow, filing=filing, key=_one_thing(once_key(request, uow, sent.key)))
    detail = await get_complaint(uow, complaint_id=filed.complaint_id)
    if filed.replayed and detail.text != sent.text.strip():
        raise KeyReused
    return answer(_told(request, detail), replayed=filed.replayed)


def _one_thing(key: str) -> str:
    """As long as a key of filing may be."""
    return key if len(key) <= 100 else f"api:{hashlib.sha256(key.encode()).hexdigest()}"


@post(f"{_ROOT}/mail", guards=[by_key("complaints.write")], request_max_body_size=MAIL_LIMIT)
@once
async def send_mail(
    request: WebRequest, uow: NamedDependency[UnitOfWork], branch_id: FromQuery[UUID | None] = None
) -> Response[Any]:
    """Take a letter as a mail server has it; what no person wrote is answered with 200 and filed nowhere."""
    if request.content_type[0] not in {"message/rfc822", "application/octet-stream"}:
        raise ClientException(status_code=415)
    if branch_id is not None and branch_id not in {one.branch_id for one in await list_branches(uow)}:
        raise NotFound("no such branch")
    try:
        letter = read_mail(await request.body())
    except MailRefused as refused:
        if refused.why in {"empty", "no_sender", "too_large"}:
            raise InvalidInput((FieldProblem("", f"mail-{refused.why.replace('_', '-')}"),)) from None
        # An error would let the mail server send it again, or a bounce go out to a machine.
        return Response({"became": "ignored", "why": refused.why}, status_code=200)
    delivered = await receive_mail(uow, letter=letter, branch_id=branch_id)
    body = {"became": delivered.became, "id": delivered.complaint_id, "number": number_text(delivered.number)}
    return Response(body, status_code=201 if delivered.became == "filed" else 200)


@get(_ROOT, guards=[by_key("complaints.read")])
async def show_complaints(
    request: WebRequest,
    reader: NamedDependency[Reader],
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = PAGE,
) -> Response[Any]:
    # `state` cannot be a parameter: Litestar keeps the name for its own.
    state = request.query_params.get("state") or None
    if state is not None and state not in STATES:
        raise InvalidInput((FieldProblem("state", "option"),))
    if not 1 <= limit <= MOST:
        raise InvalidInput((FieldProblem("limit", "min" if limit < 1 else "max", {"min": 1, "max": MOST}),))
    rows = await list_filed(reader, after=after, state=state, limit=limit)
    last = rows[-1].complaint_id if rows else after
    found = [_line(row) for row in rows]
    return Response({"complaints": found, "next": last, "more": len(rows) == limit})


def _line(row: ComplaintFact) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(row)
    return facts | {"id": facts.pop("complaint_id"), "number": number_text(row.number)}


@get(f"{_ROOT}/{{complaint_id:uuid}}", guards=[by_key("complaints.read")])
async def show_complaint(
    request: WebRequest, reader: NamedDependency[Reader], complaint_id: FromPath[UUID]
) -> Response[Any]:
    detail = await get_complaint(reader, complaint_id=complaint_id)
    survivor = await find_survivor(reader, complaint_id=complaint_id)
    return Response(_told(request, detail) | {"goes_on_as": None if survivor == complaint_id else survivor})


def _told(request: WebRequest, detail: ComplaintDetail) -> dict[str, Any]:
    locale = locale_of(request)
    return {
        "id": detail.complaint_id,
        "number": number_text(detail.number),
        "status_url": f"{request.runtime.settings.public_url}/s/{detail.status_code}",
        "title": detail.title,
        "text": detail.text,
        "desired": detail.desired,
        "category": detail.category,
        "cause": detail.cause,
        "channel": detail.channel,
        "source": msgspec.to_builtins(detail.source),
        "level": detail.severity,
        "level_confirmed": detail.level_confirmed,
        "reasons": [{"code": one.code, "text": localized(one.text, locale)} for one in detail.reasons],
        "state": detail.state,
        "branch_id": detail.branch_id,
        "customer_id": detail.customer_id,
        "received_at": detail.received_at,
        "resolved_at": detail.resolved_at,
        "clocks": [msgspec.to_builtins(msgspec.convert(one, Clock, from_attributes=True)) for one in detail.clocks],
    }


routes = [send_complaint, send_mail, show_complaints, show_complaint]
