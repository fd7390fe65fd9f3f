"""A customer's profile beyond the record: tags, wishes, own fields, further contacts, permissions, household, notes."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.customers.queries import (
    CustomerRecord,
    get_customer,
    list_profile_values,
)
from core.errors import FieldProblem, InvalidInput, NotFound
from core.profiles.actions import (
    set_preference,
    tag_customer,
    untag_customer,
)
from core.profiles.fields import set_own_values
from core.profiles.queries import (
    Preference,
    find_tags,
    get_preference,
    get_tags_of,
    list_fields,
)
from core.tenancy.queries import list_branches
from core.uow import Reader, UnitOfWork
from tenants.staff import get_person, list_people
from web.customer_page import refuse_with_page
from web.customer_sections import CustomerSection, add_customer_section
from web.i18n import gettext, localized
from web.page import Toast
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.profile import (
    CHANNELS,
    LANGUAGES,
    TIMES,
    field_input,
    field_lines,
    tag_badges,
    typed_value,
    wish_lines,
)

ONE: Final = "/t/{slug:str}/customers/{customer_id:uuid}"
READ, WRITE = [requires("customers.read")], [requires("customers.write")]
LIMIT: Final = 32 * 1024
_WISHES: Final = ("clinician_id", "branch_id", "channel", "contact_time", "locale")
_HISTORY: Final = 60


class TagForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tag by its name, as typed or chosen."""

    name: str = ""


async def _load_profile(reader: Reader, record: CustomerRecord) -> dict[str, Any]:
    wish = await get_preference(reader, record.customer_id)
    branches = {one.branch_id: one.name for one in await list_branches(reader)} if wish.branch_id else {}
    clinician = (await get_person(reader, staff_id=wish.clinician_id)).full_name if wish.clinician_id else ""
    said = await list_profile_values(reader, record.customer_id, limit=_HISTORY)
    fields = await list_fields(reader, entity_type="customer")
    tags = (await get_tags_of(reader, [record.customer_id])).get(record.customer_id, [])
    return {
        "tags": tag_badges(tags),
        "all_tags": [tag.name for tag in await find_tags(reader, "", limit=100) if tag not in tags],
        "wishes": wish_lines(wish, clinician=clinician, branches=branches),
        "fields": field_lines(fields, record.custom, said),
        "may_write": reader.actor.may("customers.write"),
        "may_make": reader.actor.may("customers.design"),
    }


add_customer_section(
    CustomerSection(
        id="profile",
        template="pages/customers/_profile.html",
        load=_load_profile,
        permission="customers.read",
        place="side",
        rank=5,
    )
)


def _back(request: WebRequest, customer_id: UUID, part: str = "") -> str:
    return tenant_path(request, f"/customers/{customer_id}") + (f"#{part}" if part else "")


@get("/t/{slug:str}/customers/tags.json", guards=READ)
async def show_tag_names(request: WebRequest, reader: NamedDependency[Reader], q: FromQuery[str] = "") -> list[str]:
    """Names of tags for typing ahead."""
    del request
    return [tag.name for tag in await find_tags(reader, q[:40])]


@post(ONE + "/tags", guards=WRITE, request_max_body_size=LIMIT)
async def do_tag(request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]) -> Response[Any]:
    form = await request.read(TagForm)
    try:
        may_make = uow.actor.may("customers.design")
        tag = await tag_customer(uow, customer_id=customer_id, name=form.name, may_make=may_make)
    except InvalidInput as error:
        raise await refuse_with_page(request, uow, customer_id, error, "tag_", form) from None
    undo = _back(request, customer_id) + f"/tags/{tag.tag_id}/remove"
    toast = Toast(text=gettext("Tagged %(name)s") % {"name": tag.name}, undo_action=undo)
    return go_to(request, _back(request, customer_id, "profile"), toast=toast)


@post(ONE + "/tags/{tag_id:uuid}/{deed:str}", guards=WRITE, request_max_body_size=LIMIT)
async def do_change_tagging(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    customer_id: FromPath[UUID],
    tag_id: FromPath[UUID],
    deed: FromPath[str],
) -> Response[Any]:
    """Take a tag off, or put it on: each is the other's undo."""
    if deed not in {"add", "remove"}:
        raise NotFound("no such deed")
    here = _back(request, customer_id)
    if deed == "remove":
        tag = await untag_customer(uow, customer_id=customer_id, tag_id=tag_id)
        text = gettext("%(name)s was taken off") % {"name": tag.name}
    else:
        tag = await tag_customer(uow, customer_id=customer_id, tag_id=tag_id)
        text = gettext("Tagged %(name)s") % {"name": tag.name}
    undo = f"{here}/tags/{tag_id}/{'add' if deed == 'remove' else 'remove'}"
    return go_to(request, here + "#profile", toast=Toast(text=text, undo_action=undo))


async def _show_profile_form(
    request: WebRequest,
    reader: Reader,
    record: CustomerRecord,
    *,
    status: int = 200,
    values: dict[str, Any] | None = None,
    errors: object = None,
) -> Response[Any]:
    fields = await list_fields(reader, entity_type="customer")
    wish = await get_preference(reader, record.customer_id)
    known = {name: str(getattr(wish, name) or "") for name in _WISHES}
    known |= {field.key: typed_value(field, record.custom.get(field.key)) for field in fields}
    people = [one for one in await list_people(reader) if one.state == "active" or one.staff_id == wish.clinician_id]
    clinical = {"doctor", "senior_doctor", "head_nurse", "director"}
    return await show(
        request,
        "pages/customers/profile.html",
        status=status,
        customer=record,
        values=values or known,
        errors=errors or {},
        clinicians=[(str(one.staff_id), one.full_name) for one in people if clinical & set(one.roles)],
        branches=[(str(one.branch_id), one.name) for one in await list_branches(reader)],
        channels=[(one, gettext(words)) for one, words in CHANNELS.items()],
        times=[(one, gettext(words)) for one, words in TIMES.items()],
        languages=list(LANGUAGES.items()),
        fields=[(field.key, localized(field.label) or field.key, *field_input(field)) for field in fields],
        may_design=reader.actor.may("customers.design"),
        root=tenant_path(request, "/customers"),
        here=_back(request, record.customer_id),
    )


@get(ONE + "/profile", guards=WRITE)
async def show_profile(
    request: WebRequest, reader: NamedDependency[Reader], customer_id: FromPath[UUID]
) -> Response[Any]:
    return await _show_profile_form(request, reader, await get_customer(reader, customer_id))


def _key_of(text: str, name: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput((FieldProblem(name, "bad-choice"),)) from None


def _check_names(form: dict[str, Any], known: set[str]) -> None:
    problems = [FieldProblem(name, "unknown-field") for name in form if name not in known]
    problems += [FieldProblem(name, "wrong-form") for name, value in form.items() if not isinstance(value, str)]
    if problems:
        raise InvalidInput(tuple(problems))


@post(ONE + "/profile", guards=WRITE, request_max_body_size=LIMIT)
async def do_change_profile(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    record = await get_customer(uow, customer_id)
    form = dict(await request.open_form())
    fields = {field.key: field for field in await list_fields(uow, entity_type="customer")}
    try:
        _check_names(form, {*_WISHES, *fields})
        wish = Preference(
            clinician_id=_key_of(form.get("clinician_id", ""), "clinician_id"),
            branch_id=_key_of(form.get("branch_id", ""), "branch_id"),
            channel=form.get("channel") or None,
            contact_time=form.get("contact_time") or None,
            locale=form.get("locale") or None,
        )
        await set_preference(uow, customer_id=customer_id, preference=wish)
        # Only what was changed here: an untouched field keeps who said it.
        typed = {key: form[key] for key in fields if key in form}
        changed = {k: v for k, v in typed.items() if v != typed_value(fields[k], record.custom.get(k))}
        await set_own_values(uow, entity_type="customer", entity_id=customer_id, typed=changed)
    except InvalidInput as error:
        errors = field_texts(error.problems)
        raise Refused(await _show_profile_form(request, uow, record, status=422, values=form, errors=errors)) from None
    return go_to(request, _back(request, customer_id, "profile"), toast=Toast(text=gettext("Saved")))


routes = [
    show_tag_names,
    do_tag,
    do_change_tagging,
    show_profile,
    do_change_profile,
]
