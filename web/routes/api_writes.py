"""The API's further writes: pets, contacts and consents of a customer, visits, what is added to a complaint, remedies proposed."""

from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.complaints.actions.wishes import add_more
from core.complaints.queries.cases import get_complaint
from core.contacts.actions import add_contact, record_consent, remove_contact
from core.customers.actions import add_subject, change_subject
from core.customers.queries import get_subject
from core.customers.rules.profile import SubjectDraft
from core.errors import FieldProblem, InvalidInput, NotFound
from core.remedies.actions import RemedyDraft, propose_remedy
from core.remedies.queries import Terms, find_remedy_by_key
from core.uow import UnitOfWork
from core.visits.actions.visits import end_visit, open_visit
from core.visits.queries.visits import get_visit
from tenants.roster import Roster
from web.api_bodies import answer, get_present, once_key, plain, read_body
from web.once import once
from web.request import WebRequest
from web.security import by_key

_CUSTOMER: Final = "/api/v1/customers/{customer_id:uuid}"
_COMPLAINT: Final = "/api/v1/complaints/{complaint_id:uuid}"
_VISITS: Final = "/api/v1/visits"
_CUSTOMERS, _VISIT = [by_key("customers.write")], [by_key("visits.write")]
BODY_LIMIT: Final = 32 * 1024


class NewSubject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pet or person; `kind` is a type that one of the chain's plugins knows, e.g. `clinic.patient`."""

    name: str
    kind: str
    species: str | None = None
    breed: str | None = None
    sex: Literal["male", "female", "unknown"] | None = None
    birthday: date | None = None
    neutered: bool | None = None
    chip: str | None = None
    deceased_on: date | None = None
    note: str = ""


class NewContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way to reach a customer beside their phones."""

    kind: Literal["email", "wechat", "address"]
    value: str
    label: str = ""


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object: the address says it all."""


class NewConsent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a customer answered in the other program, with the words that they saw there."""

    purpose: Literal["service", "survey", "marketing", "research", "health_data"]
    decision: Literal["granted", "withdrawn"]
    text_shown: str
    channel: Literal["all", "phone", "sms", "wechat", "email"] = "all"


class NewVisit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A visit that begins now."""

    customer_id: UUID
    subject_id: UUID | None = None
    branch_id: UUID | None = None
    reason: str = ""


class VisitEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a visit ends; cancelling needs a note."""

    how: Literal["discharged", "cancelled"]
    note: str = ""


class Information(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer adds to a complaint."""

    text: str


class NewRemedy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is proposed to a customer; a person whose limit is enough decides, never a key."""

    kind: str
    label: str
    cost_fen: int | None = None
    note: str = ""
    points: int = 0
    template: str = ""
    """Of a coupon."""
    purchase_id: UUID | None = None
    """What is taken back from."""
    item: str = ""
    """What is handed over."""
    key: str = ""


def _draft(sent: NewSubject) -> SubjectDraft:
    return msgspec.convert(sent, SubjectDraft, from_attributes=True)


@post(f"{_CUSTOMER}/subjects", guards=_CUSTOMERS, request_max_body_size=BODY_LIMIT)
@once
async def add_one_subject(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    person = await get_present(uow, customer_id)
    sent = await read_body(request, NewSubject)
    subject_id = await add_subject(uow, customer_id=person.customer_id, draft=_draft(sent), source="import")
    return Response({"id": subject_id}, status_code=201)


@post(f"{_CUSTOMER}/subjects/{{subject_id:uuid}}", guards=_CUSTOMERS, request_max_body_size=BODY_LIMIT)
@once
async def change_one_subject(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], subject_id: FromPath[UUID]
) -> Response[Any]:
    """Replace the whole record."""
    person = await get_present(uow, customer_id)
    sent = await read_body(request, NewSubject)
    if (await get_subject(uow, subject_id)).customer_id != person.customer_id:
        raise NotFound("no such subject of this customer")
    await change_subject(uow, subject_id=subject_id, draft=_draft(sent))
    return Response({"id": subject_id}, status_code=200)


@post(f"{_CUSTOMER}/contacts", guards=_CUSTOMERS, request_max_body_size=BODY_LIMIT)
@once
async def add_one_contact(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    """The same contact again only gets another label."""
    person = await get_present(uow, customer_id)
    sent = await read_body(request, NewContact)
    contact_id = await add_contact(
        uow, customer_id=person.customer_id, kind=sent.kind, value=sent.value, label=sent.label
    )
    return Response({"id": contact_id}, status_code=201)


@post(f"{_CUSTOMER}/contacts/{{contact_id:uuid}}/remove", guards=_CUSTOMERS, request_max_body_size=BODY_LIMIT)
@once
async def remove_one_contact(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], contact_id: FromPath[UUID]
) -> Response[Any]:
    person = await get_present(uow, customer_id)
    await read_body(request, Nothing)
    await remove_contact(uow, customer_id=person.customer_id, contact_id=contact_id)
    return Response({"id": contact_id}, status_code=200)


@post(f"{_CUSTOMER}/consents", guards=_CUSTOMERS, request_max_body_size=BODY_LIMIT)
@once
async def add_one_consent(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    """Append an answer; a withdrawal is one too, and counts at once."""
    person = await get_present(uow, customer_id)
    sent = await read_body(request, NewConsent)
    if not sent.text_shown.strip():
        raise InvalidInput((FieldProblem("text_shown", "required"),))
    consent_id = await record_consent(
        uow,
        customer_id=person.customer_id,
        purpose=sent.purpose,
        decision=sent.decision,
        channel=sent.channel,
        text_shown=sent.text_shown,
        source="import",
    )
    return Response({"id": consent_id}, status_code=201)


@post(_VISITS, guards=_VISIT, request_max_body_size=BODY_LIMIT)
@once
async def begin_visit(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    sent = await read_body(request, NewVisit)
    person = await get_present(uow, sent.customer_id)
    visit_id = await open_visit(
        uow,
        customer_id=person.customer_id,
        subject_id=sent.subject_id,
        branch_id=sent.branch_id,
        reason=sent.reason,
    )
    return Response(plain(await get_visit(uow, visit_id)), status_code=201)


@post(f"{_VISITS}/{{visit_id:uuid}}/end", guards=_VISIT, request_max_body_size=BODY_LIMIT)
@once
async def finish_visit(
    request: WebRequest, uow: NamedDependency[UnitOfWork], visit_id: FromPath[UUID]
) -> Response[Any]:
    await get_visit(uow, visit_id)
    sent = await read_body(request, VisitEnd)
    await end_visit(uow, visit_id=visit_id, how=sent.how, note=sent.note)
    return Response(plain(await get_visit(uow, visit_id)), status_code=200)


@post(f"{_COMPLAINT}/information", guards=[by_key("complaints.write")], request_max_body_size=BODY_LIMIT)
@once
async def add_information(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    """What the customer says now, put before those who work on the case."""
    await get_complaint(uow, complaint_id=complaint_id)
    sent = await read_body(request, Information)
    await add_more(uow, complaint_id=complaint_id, text=sent.text, roster=Roster())
    return Response({"id": complaint_id}, status_code=201)


@post(f"{_COMPLAINT}/remedies", guards=[by_key("remedies.propose")], request_max_body_size=BODY_LIMIT)
async def propose_one(
    request: WebRequest, uow: NamedDependency[UnitOfWork], complaint_id: FromPath[UUID]
) -> Response[Any]:
    """A key has no limit of its own: whatever costs something waits for a person."""
    await get_complaint(uow, complaint_id=complaint_id)
    sent = await read_body(request, NewRemedy)
    draft = RemedyDraft(
        kind=sent.kind,
        label=sent.label,
        cost_fen=sent.cost_fen,
        note=sent.note,
        terms=Terms(points=sent.points, template=sent.template, purchase_id=sent.purchase_id, item=sent.item),
    )
    key = once_key(request, uow, sent.key)
    replayed = await find_remedy_by_key(uow, key) is not None
    remedy = await propose_remedy(uow, complaint_id=complaint_id, draft=draft, key=key)
    return answer(plain(remedy), replayed=replayed)


routes = [
    add_one_subject,
    change_one_subject,
    add_one_contact,
    remove_one_contact,
    add_one_consent,
    begin_visit,
    finish_visit,
    add_information,
    propose_one,
]
