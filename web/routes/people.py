"""The people of a tenant: who works here, and in which role."""

from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.errors import FieldProblem, InvalidInput
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from tenants.passwords import MIN_LENGTH
from tenants.roles import ROLES
from tenants.staff import (
    DuplicateLogin,
    LastAdministrator,
    add_person,
    get_person,
    give_roles,
    list_people,
    reset_password,
    set_state,
)
from web.i18n import N_, gettext
from web.navigation import Entry, add_entry
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.role_texts import role_name
from web.screens import go_to, show, tenant_path
from web.security import requires

PATH: Final = "/t/{slug:str}/staff"
_BODY_LIMIT: Final = 16 * 1024
_MAY = [requires("staff.manage")]


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of a new person."""

    full_name: str = ""
    login: str = ""
    password: str = ""
    branch_id: str = ""
    roles: tuple[str, ...] = ()


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ticked roles of one person."""

    roles: tuple[str, ...] = ()


class NewPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an administrator sets for somebody who forgot theirs."""

    password: str


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether somebody still works here."""

    state: Literal["active", "left"]


add_entry(
    Entry(
        id="staff",
        label=N_("People"),
        icon="users-round",
        path="/staff",
        permission="staff.manage",
        group="manage",
        rank=800,
    )
)


def _role_options() -> list[tuple[str, str]]:
    return [(code, role_name(code)) for code in ROLES]


def _uuid(text: str, path: str, code: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput((FieldProblem(path, code if text else "required"),)) from None


@get(PATH, guards=_MAY)
async def show_people(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await show(
        request, "pages/staff/people.html", people=await list_people(reader), root=tenant_path(request, "/staff")
    )


async def _show_new(
    request: WebRequest, reader: Reader, *, status: int = 200, values: object = None, errors: object = None
) -> Response[Any]:
    return await show(
        request,
        "pages/staff/new.html",
        status=status,
        branches=[(str(branch.branch_id), branch.name) for branch in await list_branches(reader)],
        roles=_role_options(),
        root=tenant_path(request, "/staff"),
        min_length=MIN_LENGTH,
        values=values or NewPerson(),
        errors=errors or {},
    )


@get(f"{PATH}/new", guards=_MAY)
async def show_new_person(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    return await _show_new(request, reader)


@post(PATH, guards=_MAY, request_max_body_size=_BODY_LIMIT)
async def do_add_person(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(NewPerson, lists=("roles",))
    try:
        await add_person(
            uow,
            request.runtime.passwords,
            full_name=form.full_name,
            login=form.login,
            password=form.password,
            roles=form.roles,
            branch_id=_uuid(form.branch_id, "branch_id", "unknown-branch") if form.branch_id else None,
        )
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_new(request, uow, status=422, values=form, errors=errors)) from None
    except DuplicateLogin:
        errors = field_texts((FieldProblem("login", "duplicate-login"),))
        raise Refused(await _show_new(request, uow, status=409, values=form, errors=errors)) from None
    return go_to(request, tenant_path(request, "/staff"), toast=Toast(text=gettext("The person was added")))


@get(PATH + "/{staff_id:uuid}", guards=_MAY)
async def show_person(request: WebRequest, reader: NamedDependency[Reader], staff_id: FromPath[UUID]) -> Response[Any]:
    return await _show_person(request, reader, staff_id)


async def _show_person(
    request: WebRequest, reader: Reader, staff_id: UUID, *, status: int = 200, problem: str = "", errors: object = None
) -> Response[Any]:
    return await show(
        request,
        "pages/staff/person.html",
        status=status,
        person=await get_person(reader, staff_id=staff_id),
        roles=_role_options(),
        root=tenant_path(request, "/staff"),
        min_length=MIN_LENGTH,
        problem=problem,
        errors=errors or {},
    )


@post(PATH + "/{staff_id:uuid}/roles", guards=_MAY, request_max_body_size=_BODY_LIMIT)
async def do_give_roles(
    request: WebRequest, uow: NamedDependency[UnitOfWork], staff_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(Roles, lists=("roles",))
    try:
        await give_roles(uow, staff_id=staff_id, roles=form.roles)
    except LastAdministrator:
        raise Refused(await _show_person(request, uow, staff_id, status=409, problem="last")) from None
    path = tenant_path(request, f"/staff/{staff_id}")
    return go_to(request, path, toast=Toast(text=gettext("The roles were changed; the person signs in again")))


@post(PATH + "/{staff_id:uuid}/password", guards=_MAY, request_max_body_size=_BODY_LIMIT)
async def do_reset_password(
    request: WebRequest, uow: NamedDependency[UnitOfWork], staff_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(NewPassword)
    try:
        await reset_password(uow, request.runtime.passwords, staff_id=staff_id, password=form.password)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_person(request, uow, staff_id, status=422, errors=errors)) from None
    path = tenant_path(request, f"/staff/{staff_id}")
    return go_to(request, path, toast=Toast(text=gettext("The password was set; the person is signed out everywhere")))


@post(PATH + "/{staff_id:uuid}/state", guards=_MAY, request_max_body_size=_BODY_LIMIT)
async def do_set_state(
    request: WebRequest, uow: NamedDependency[UnitOfWork], staff_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(State)
    try:
        await set_state(uow, staff_id=staff_id, state=form.state)
    except LastAdministrator:
        raise Refused(await _show_person(request, uow, staff_id, status=409, problem="last")) from None
    return go_to(request, tenant_path(request, f"/staff/{staff_id}"), toast=Toast(text=gettext("Saved")))


routes = [
    show_people,
    show_new_person,
    do_add_person,
    show_person,
    do_give_roles,
    do_reset_password,
    do_set_state,
]
