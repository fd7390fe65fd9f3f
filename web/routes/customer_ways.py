"""A customer's further contacts, permissions, household and changed notes, on the customer's page."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.contacts.actions import add_contact, record_consent, remove_contact
from core.contacts.queries import get_consent_state, list_contacts
from core.customers.actions import join_household
from core.customers.queries import CustomerRecord, find_customers, get_customer, list_cluster, list_household
from core.customers.rules.names import clean_name
from core.errors import FieldProblem, InvalidInput, NotFound
from core.profiles.actions import change_note, enter_household, leave_household, remove_note
from core.uow import Reader, UnitOfWork
from web.customer_page import refuse_with_page
from web.customer_sections import CustomerSection, add_customer_section
from web.i18n import gettext
from web.page import Toast
from web.request import WebRequest
from web.screens import go_to, tenant_path
from web.security import requires
from web.views.profile import CHANNELS, WAYS, permission_lines, way_lines

ONE: Final = "/t/{slug:str}/customers/{customer_id:uuid}"
READ, WRITE = [requires("customers.read")], [requires("customers.write")]
LIMIT: Final = 32 * 1024


class WayForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One more way to reach somebody."""

    kind: str = ""
    value: str = ""
    label: str = ""


class ConsentForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A yes or no that a customer gave at the desk."""

    purpose: str = ""
    decision: str = ""
    channel: str = "all"


class MemberForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who belongs to the household: a phone or a name."""

    who: str = ""


class NoteForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note in other words."""

    body: str = ""


async def _load_ways(reader: Reader, record: CustomerRecord) -> dict[str, Any]:
    people = await list_cluster(reader, record.customer_id)
    return {
        "ways": way_lines(await list_contacts(reader, record.customer_id)),
        "kinds": [(kind, gettext(words)) for kind, words in WAYS.items()],
        "permissions": permission_lines(await get_consent_state(reader, people), with_health=False),
        "channels": [("all", gettext("All channels"))] + [(one, gettext(words)) for one, words in CHANNELS.items()],
        "may_write": reader.actor.may("customers.write"),
    }


async def _load_household(reader: Reader, record: CustomerRecord) -> dict[str, Any]:
    others = await list_household(reader, record)
    children = record.custom.get("children_at_home", -1)
    return {
        "others": others,
        "children": {1: gettext("Children at home"), 0: gettext("No children at home")}.get(children, ""),
        "may_write": reader.actor.may("customers.write"),
        "in_one": record.household_id is not None and bool(others),
    }


for _section in (
    CustomerSection(
        id="ways",
        template="pages/customers/_ways.html",
        load=_load_ways,
        permission="customers.read",
        place="side",
        rank=6,
    ),
    CustomerSection(
        id="household",
        template="pages/customers/_household.html",
        load=_load_household,
        permission="customers.read",
        place="side",
        rank=7,
    ),
):
    add_customer_section(_section)


def _back(request: WebRequest, customer_id: UUID, part: str = "") -> str:
    return tenant_path(request, f"/customers/{customer_id}") + (f"#{part}" if part else "")


@post(ONE + "/contacts", guards=WRITE, request_max_body_size=LIMIT)
async def do_add_contact(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(WayForm)
    try:
        await add_contact(uow, customer_id=customer_id, kind=form.kind, value=form.value, label=form.label)
    except InvalidInput as error:
        raise await refuse_with_page(request, uow, customer_id, error, "way_", form) from None
    return go_to(request, _back(request, customer_id, "ways"), toast=Toast(text=gettext("The contact was added")))


@post(ONE + "/contacts/{contact_id:uuid}/remove", guards=WRITE, request_max_body_size=LIMIT)
async def do_remove_contact(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    customer_id: FromPath[UUID],
    contact_id: FromPath[UUID],
) -> Response[Any]:
    await remove_contact(uow, customer_id=customer_id, contact_id=contact_id)
    return go_to(request, _back(request, customer_id, "ways"), toast=Toast(text=gettext("The contact was removed")))


@post(ONE + "/consents", guards=WRITE, request_max_body_size=LIMIT)
async def do_record_consent(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    """What somebody said at the desk: yes and no are the same one press."""
    form = await request.read(ConsentForm)
    await record_consent(
        uow,
        customer_id=customer_id,
        purpose=form.purpose,
        decision=form.decision,
        channel=form.channel,
        source="desk",
    )
    text = gettext("Allowed from now on") if form.decision == "granted" else gettext("Stopped from now on")
    return go_to(request, _back(request, customer_id, "ways"), toast=Toast(text=text))


@post(ONE + "/household", guards=WRITE, request_max_body_size=LIMIT)
async def do_join_household(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(MemberForm)
    await get_customer(uow, customer_id)
    typed = clean_name(form.who)[:80]
    found = [row for row in await find_customers(uow, typed, limit=10) if row.customer_id != customer_id]
    exact = [row for row in found if typed.casefold() == row.full_name.casefold()]
    hits = exact or found
    if len(hits) != 1:
        code = "required" if not typed else "nobody-found" if not hits else "several-found"
        error = InvalidInput((FieldProblem("who", code),))
        raise await refuse_with_page(request, uow, customer_id, error, "member_", form)
    await join_household(uow, customer_id=customer_id, other_id=hits[0].customer_id)
    undo = _back(request, hits[0].customer_id) + "/household/leave"
    text = gettext("%(name)s belongs to the household") % {"name": hits[0].full_name}
    return go_to(request, _back(request, customer_id, "household"), toast=Toast(text=text, undo_action=undo))


@post(ONE + "/household/leave", guards=WRITE, request_max_body_size=LIMIT)
async def do_leave_household(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID]
) -> Response[Any]:
    household_id = await leave_household(uow, customer_id=customer_id)
    undo = f"{_back(request, customer_id)}/household/{household_id}/enter" if household_id else ""
    toast = Toast(text=gettext("Left the household"), undo_action=undo)
    return go_to(request, _back(request, customer_id, "household"), toast=toast)


@post(ONE + "/household/{household_id:uuid}/enter", guards=WRITE, request_max_body_size=LIMIT)
async def do_enter_household(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    customer_id: FromPath[UUID],
    household_id: FromPath[UUID],
) -> Response[Any]:
    await enter_household(uow, customer_id=customer_id, household_id=household_id)
    return go_to(request, _back(request, customer_id, "household"), toast=Toast(text=gettext("Back in the household")))


@post(ONE + "/notes/{note_id:uuid}", guards=READ, request_max_body_size=LIMIT)
async def do_change_note(
    request: WebRequest, uow: NamedDependency[UnitOfWork], customer_id: FromPath[UUID], note_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.read(NoteForm)
    try:
        await change_note(uow, customer_id=customer_id, note_id=note_id, body=form.body)
    except InvalidInput as error:
        raise await refuse_with_page(request, uow, customer_id, error, "", form) from None
    path = _back(request, customer_id, f"event-{note_id}")
    return go_to(request, path, toast=Toast(text=gettext("The note was changed")))


@post(ONE + "/notes/{note_id:uuid}/{deed:str}", guards=READ, request_max_body_size=LIMIT)
async def do_remove_note(
    request: WebRequest,
    uow: NamedDependency[UnitOfWork],
    customer_id: FromPath[UUID],
    note_id: FromPath[UUID],
    deed: FromPath[str],
) -> Response[Any]:
    """Take a note off the timeline, or put it back: each is the other's undo."""
    if deed not in {"add", "remove"}:
        raise NotFound("no such deed")
    await remove_note(uow, customer_id=customer_id, note_id=note_id, removed=deed == "remove")
    here = _back(request, customer_id)
    if deed == "add":
        return go_to(request, f"{here}#event-{note_id}", toast=Toast(text=gettext("The note is back")))
    toast = Toast(text=gettext("The note was removed"), undo_action=f"{here}/notes/{note_id}/add")
    return go_to(request, f"{here}#history", toast=toast)


routes = [
    do_add_contact,
    do_remove_contact,
    do_record_consent,
    do_join_household,
    do_leave_household,
    do_enter_household,
    do_change_note,
    do_remove_note,
]
