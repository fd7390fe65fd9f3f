"""The API of a chain's own programmes: forms, their schemas, and what is filled in; docs/guides/api.md is its manual."""

import re
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.customers.actions import find_or_create
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.forms.actions import record_intake
from core.forms.feed import list_submissions_after
from core.forms.intake import Filled
from core.forms.queries import find_form, get_submission, list_forms
from core.forms.rules import evaluate, json_schema, version_of
from core.hooks.records.forms import Form
from core.hooks.records.text import localized
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from web.api_bodies import read_body
from web.request import WebRequest
from web.screens import locale_of
from web.security import by_key

BODY_LIMIT: Final = 640 * 1024
"""All answers of one form, 512 kB, and who it is about."""
PAGE: Final = 50
MOST: Final = 200
_ROOT: Final = "/api/v1"
_ONCE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,60}", re.ASCII)


class KeyReused(Conflict):
    """The Idempotency-Key was sent before, with other answers or for another form."""

    code = "idempotency-key-reused"


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer by id, or by phone and name, who is then found or written down."""

    id: UUID | None = None
    phone: str = ""
    full_name: str = ""


class NewSubmission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One form, filled in."""

    answers: dict[str, Any]
    customer: Person | None = None
    subject_id: UUID | None = None
    branch_id: UUID | None = None
    channel: Literal["online", "import"] = "online"
    """Whether the customer answered, or a system that kept it; what staff hear from customers outweighs both."""


async def _form(reader: Reader, form_id: str) -> Form:
    found = await find_form(reader, form_id)
    if found is None:
        raise NotFound("no such form")
    return found


@get(f"{_ROOT}/forms", guards=[by_key("forms.read")])
async def show_forms(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    locale = locale_of(request)
    return Response(
        {
            "forms": [
                {
                    "id": form.id,
                    "version": version_of(form),
                    "title": localized(form.title, locale),
                    "purpose": form.purpose,
                }
                for form in await list_forms(reader)
            ]
        }
    )


@get(f"{_ROOT}/forms/{{form_id:str}}", guards=[by_key("forms.read")])
async def show_form(reader: NamedDependency[Reader], form_id: FromPath[str]) -> Response[Any]:
    form = await _form(reader, form_id)
    return Response({"id": form.id, "version": version_of(form), "definition": msgspec.to_builtins(form)})


@get(f"{_ROOT}/forms/{{form_id:str}}/schema", guards=[by_key("forms.read")])
async def show_schema(request: WebRequest, reader: NamedDependency[Reader], form_id: FromPath[str]) -> Response[Any]:
    schema = json_schema(await _form(reader, form_id), locale_of(request))
    return Response(msgspec.json.encode(schema), media_type="application/schema+json")


@post(f"{_ROOT}/forms/{{form_id:str}}/submissions", guards=[by_key("forms.submit")], request_max_body_size=BODY_LIMIT)
async def send_submission(
    request: WebRequest, uow: NamedDependency[UnitOfWork], form_id: FromPath[str]
) -> Response[Any]:
    sent = await read_body(request, NewSubmission)
    once = request.headers.get("idempotency-key", "")
    if not _ONCE.fullmatch(once):
        raise InvalidInput((FieldProblem("Idempotency-Key", "bad-key" if once else "required"),))
    form = await _form(uow, form_id)
    if sent.branch_id is not None and sent.branch_id not in {one.branch_id for one in await list_branches(uow)}:
        raise NotFound("no such branch")
    filled = await record_intake(
        uow,
        form_id=form_id,
        answers=sent.answers,
        # Keys of two programmes never meet.
        once_key=f"api:{_short(uow.actor.id)}:{once}",
        customer_id=await _customer(uow, sent),
        subject_id=sent.subject_id,
        branch_id=sent.branch_id,
        channel=sent.channel,
    )
    if filled.replayed:
        await _refuse_other(uow, form, sent, filled)
    headers = {"idempotency-replayed": "true"} if filled.replayed else {}
    return Response(_told(form, filled, locale_of(request)), status_code=201, headers=headers)


def _short(key_id: UUID | None) -> str:
    return "" if key_id is None else key_id.hex


async def _customer(uow: UnitOfWork, sent: NewSubmission) -> UUID | None:
    """Whom it is about, when the request says so; else the form's own answers do."""
    person = sent.customer
    if person is None:
        return None
    if person.id is not None:
        if person.phone or person.full_name:
            raise InvalidInput((FieldProblem("customer", "id-or-phone"),))
        return person.id
    try:
        found, _ = await find_or_create(
            uow,
            phone=person.phone,
            full_name=person.full_name,
            source="customer" if sent.channel == "online" else "import",
        )
    except InvalidInput as refused:
        raise InvalidInput(
            tuple(FieldProblem(f"customer.{one.path}", one.code, one.params) for one in refused.problems)
        ) from None
    return found


async def _refuse_other(uow: UnitOfWork, form: Form, sent: NewSubmission, filled: Filled) -> None:
    """The same key with other answers is a fault of the programme, which must not take it for done."""
    before = await get_submission(uow, filled.submission_id)
    same_form = before.form_id == form.id
    if before.version == version_of(form) and same_form:
        same_form = evaluate(form, sent.answers, uow.today.isoformat()).data == before.data
    if not same_form:
        raise KeyReused


def _told(form: Form, filled: Filled, locale: str) -> dict[str, Any]:
    return {
        "id": filled.submission_id,
        "form_id": form.id,
        "customer_id": filled.customer_id,
        "subject_id": filled.subject_id,
        "answered": filled.answered,
        "total": filled.total,
        "flags": [
            {
                "id": one.id,
                "tone": one.tone,
                "title": localized(one.title, locale),
                "reason": localized(one.reason, locale),
            }
            for one in filled.flags
        ],
        "notices": [
            {"path": one.field, "code": one.code, "text": localized(one.text, locale)} for one in filled.notices
        ],
    }


@get(f"{_ROOT}/submissions", guards=[by_key("submissions.read")])
async def show_feed(
    reader: NamedDependency[Reader],
    after: FromQuery[UUID | None] = None,
    form_id: FromQuery[str | None] = None,
    limit: FromQuery[int] = PAGE,
) -> Response[Any]:
    if not 1 <= limit <= MOST:
        raise InvalidInput((FieldProblem("limit", "min" if limit < 1 else "max", {"min": 1, "max": MOST}),))
    found = await list_submissions_after(reader, after=after, form_id=form_id, limit=limit)
    last = found[-1].submission_id if found else after
    return Response({"submissions": msgspec.to_builtins(found), "next": last, "more": len(found) == limit})


routes = [show_forms, show_form, show_schema, send_submission, show_feed]
