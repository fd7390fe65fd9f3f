"""Pets and people of a customer: adding one and changing its profile, with the fields that the plugin brings."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.customers.actions import add_subject, change_subject
from core.customers.profile import set_profile_value
from core.customers.queries import SubjectRecord, get_customer, get_subject, get_subject_types
from core.customers.rules.names import clean_name, clean_text
from core.customers.rules.profile import SubjectDraft
from core.errors import FieldProblem, InvalidInput, NotFound
from core.hooks.records.customers import SubjectType
from core.profiles.fields import set_own_values
from core.profiles.queries import list_fields
from core.profiles.rules import OwnField
from core.uow import Reader, UnitOfWork
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.customers import SEXES, YES_NO, extra_fields, field_of, options_of, own_fields
from web.views.profile import typed_value

ONE: Final = "/t/{slug:str}/customers/{customer_id:uuid}/subjects"
WRITE: Final = [requires("customers.write")]
BODY_LIMIT: Final = 32 * 1024
_FIELDS: Final = ("kind", "name", "species", "breed", "sex", "birthday", "neutered", "chip", "deceased_on", "note")


async def _show_form(
    request: WebRequest,
    reader: Reader,
    customer_id: UUID,
    *,
    subject: SubjectRecord | None = None,
    status: int = 200,
    values: Mapping[str, Any] | None = None,
    errors: object = None,
) -> Response[Any]:
    kinds = get_subject_types(reader)
    own = await list_fields(reader, entity_type="subject")
    known = values or _filled(subject, kinds, own)
    kind = next((one for one in kinds if one.id == known.get("kind")), None)
    here = tenant_path(request, f"/customers/{customer_id}")
    return await show(
        request,
        "pages/customers/subject.html",
        status=status,
        customer=await get_customer(reader, customer_id),
        subject=subject,
        values=known,
        errors=errors or {},
        kinds=[(one.id, localized(one.label)) for one in kinds],
        kind_label=localized(kind.label) if kind else "",
        species=options_of(field_of(kind, "species")),
        sexes=options_of(field_of(kind, "sex")) or [(value, gettext(words)) for value, words in SEXES.items()],
        yes_no=[(value, gettext(words)) for value, words in YES_NO.items()],
        extra=[*extra_fields(kind), *own_fields(own)],
        action=f"{here}/subjects/{subject.subject_id}" if subject else f"{here}/subjects",
        here=here,
        root=tenant_path(request, "/customers"),
    )


def _filled(subject: SubjectRecord | None, kinds: tuple[SubjectType, ...], own: Sequence[OwnField]) -> dict[str, Any]:
    if subject is None:
        return {"kind": kinds[0].id} if kinds else {}
    values: dict[str, Any] = {name: getattr(subject, name) for name in _FIELDS}
    values["neutered"] = {True: "yes", False: "no", None: ""}[subject.neutered]
    values |= {f"x_{key}": value for key, value in subject.custom.items()}
    return values | {f"x_{field.key}": typed_value(field, subject.custom.get(field.key)) for field in own}


def _day(fields: Mapping[str, Any], name: str, problems: list[FieldProblem]) -> date | None:
    text = str(fields.get(name, ""))
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        problems.append(FieldProblem(name, "bad-date"))
        return None


def _draft(reader: Reader, fields: Mapping[str, Any], own: Sequence[OwnField]) -> SubjectDraft:
    """Read the posted texts; the action looks at what they say."""
    kind = next((one for one in get_subject_types(reader) if one.id == fields.get("kind")), None)
    allowed = {*_FIELDS, *(field.name for field in extra_fields(kind)), *(f"x_{field.key}" for field in own)}
    problems = [FieldProblem(name, "unknown-field") for name in fields if name not in allowed]
    problems += [FieldProblem(name, "wrong-form") for name, value in fields.items() if not isinstance(value, str)]
    if problems:
        raise InvalidInput(tuple(problems))
    birthday, deceased = _day(fields, "birthday", problems), _day(fields, "deceased_on", problems)
    for name, options in (("species", dict(options_of(field_of(kind, "species")))), ("sex", SEXES)):
        if options and fields.get(name) and fields[name] not in options:
            problems.append(FieldProblem(name, "bad-choice"))
    if fields.get("neutered", "") not in {"", *YES_NO}:
        problems.append(FieldProblem("neutered", "bad-choice"))
    if problems:
        raise InvalidInput(tuple(problems))
    return SubjectDraft(
        kind=fields.get("kind", ""),
        name=clean_name(fields.get("name", "")),
        species=fields.get("species") or None,
        breed=clean_name(fields.get("breed", "")) or None,
        sex=fields.get("sex") or None,
        birthday=birthday,
        neutered={"yes": True, "no": False}.get(fields.get("neutered", "")),
        chip=clean_name(fields.get("chip", "")).replace(" ", "") or None,
        deceased_on=deceased,
        note=clean_text(fields.get("note", "")),
    )


async def _set_extra(
    uow: UnitOfWork, subject_id: UUID, fields: Mapping[str, Any], own: Sequence[OwnField], before: Mapping[str, Any]
) -> None:
    """A field of the chain's own is read by its definition; one left as it was keeps who said it."""
    was = {field.key: typed_value(field, before.get(field.key)) for field in own}
    typed = {key: fields[f"x_{key}"] for key in was if fields.get(f"x_{key}", was[key]) != was[key]}
    try:
        await set_own_values(uow, entity_type="subject", entity_id=subject_id, typed=typed)
    except InvalidInput as error:
        raise InvalidInput(tuple(FieldProblem(f"x_{p.path}", p.code, p.params) for p in error.problems)) from None
    for name, value in fields.items():
        if name.startswith("x_") and name.removeprefix("x_") not in was:
            key = name.removeprefix("x_")
            await set_profile_value(
                uow, entity_type="subject", entity_id=subject_id, field_key=key, value=value, source="staff"
            )


async def _of_customer(reader: Reader, customer_id: UUID, subject_id: UUID) -> SubjectRecord:
    subject = await get_subject(reader, subject_id)
    if subject.customer_id != customer_id:
        raise NotFound("no such subject of this customer")
    return subject


@get(ONE + "/new", guards=WRITE)
async def show_new_subject(
    request: WebRequest, reader: NamedDependency[Reader], customer_id: FromPath[UUID]
) -> Response[Any]:
    if not get_subject_types(reader):
        raise NotFound("no plugin of this tenant knows a kind of subject")
    return await _show_form(request, reader, customer_id)


@post(ONE, guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_add_subject(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    await get_customer(uow, customer_id)
    fields, own = dict(await request.open_form()), await list_fields(uow, entity_type="subject")
    try:
        subject_id = await add_subject(uow, customer_id=customer_id, draft=_draft(uow, fields, own))
        await _set_extra(uow, subject_id, fields, own, {})
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_form(request, uow, customer_id, status=422, values=fields, errors=errors)) from None
    toast = Toast(text=gettext("%(name)s was added") % {"name": clean_name(fields["name"])})
    return go_to(request, tenant_path(request, f"/customers/{customer_id}"), toast=toast)


@get(ONE + "/{subject_id:uuid}", guards=WRITE)
async def show_subject(
    request: WebRequest,
    reader: NamedDependency[Reader],
    customer_id: FromPath[UUID],
    subject_id: FromPath[UUID],
) -> Response[Any]:
    subject = await _of_customer(reader, customer_id, subject_id)
    return await _show_form(request, reader, customer_id, subject=subject)


@post(ONE + "/{subject_id:uuid}", guards=WRITE, request_max_body_size=BODY_LIMIT)
async def do_change_subject(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    customer_id: FromPath[UUID],
    subject_id: FromPath[UUID],
) -> Response[Any]:
    subject = await _of_customer(uow, customer_id, subject_id)
    fields, own = dict(await request.open_form()), await list_fields(uow, entity_type="subject")
    try:
        await change_subject(uow, subject_id=subject_id, draft=_draft(uow, fields, own))
        await _set_extra(uow, subject_id, fields, own, subject.custom)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        form = await _show_form(request, uow, customer_id, subject=subject, status=422, values=fields, errors=errors)
        raise Refused(form) from None
    return go_to(request, tenant_path(request, f"/customers/{customer_id}"), toast=Toast(text=gettext("Saved")))


routes = [show_new_subject, do_add_subject, show_subject, do_change_subject]
