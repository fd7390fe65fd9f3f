"""Does what a plugin's page or job asked for outside its own tables: all of it in the caller's transaction, or none."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from core.complaints.models import Complaint
from core.customers.actions import record_event
from core.customers.models import Customer, Subject
from core.db import table_of
from core.errors import NotFound
from core.forms.actions import create_link
from core.forms.models import FormLink
from core.forms.queries import FormNotOffered, get_form
from core.hooks.dispatch import PluginFault
from core.hooks.kinds import prefixed
from core.hooks.records.effects import CloseTask, Effect, OpenTask, RecordEvent, SendForm
from core.hooks.records.text import both, localized
from core.hooks.specs.pages import routes
from core.hooks.specs.remedies import complaint_remedies
from core.hooks.surface import find_route
from core.tasks.actions import close_task, open_task
from core.tasks.rules import in_languages
from core.uow import UnitOfWork
from core.webhooks.actions import announce_plugin_event
from tenants.models import Staff
from tenants.roles import ROLES

_C, _S, _F = table_of(Customer), table_of(Subject), table_of(Staff)
_CASE, _L = table_of(Complaint), table_of(FormLink)
MAX_KEY: Final = 200
MAX_KIND: Final = 60
HAND_OUT: Final = timedelta(days=1)
"""Own design: until when the desk hands a link to a form to the customer."""


class BadEffect(PluginFault):
    """A plugin asked for something that cannot be done; what it wrote in the same transaction is undone."""


async def apply_effects(uow: UnitOfWork, *, plugin: str, effects: Iterable[Effect]) -> None:
    """Do what one plugin asks for.

    Raises:
        NotFound: a customer, person or complaint that this tenant does not have.
        BadEffect: a role, form, remedy or page that does not exist, or an id that is too long.
    """
    for effect in effects:
        match effect:
            case OpenTask():
                await _open(uow, plugin, effect)
            case CloseTask():
                await close_task(uow, plugin=plugin, key=effect.key, note=effect.note, by=_name(uow))
            case RecordEvent():
                await _record(uow, plugin, effect)
            case SendForm():
                await _send_form(uow, plugin, effect)


def _name(uow: UnitOfWork) -> str:
    return uow.actor.name if uow.actor.kind == "staff" else ""


def _refuse(plugin: str, effect: str, why: str) -> BadEffect:
    return BadEffect(plugin=plugin, hook="effect", error=f"{effect}: {why}", where="")


def _own(plugin: str, local: str, effect: str) -> str:
    try:
        return prefixed(plugin, local)
    except ValueError as error:
        raise _refuse(plugin, effect, str(error)) from None


def leads_to_page(uow: UnitOfWork, plugin: str, path: str) -> bool:
    """Tell whether a path (a query may follow) is a page of this plugin's own."""
    own = [one.value for one in uow.plugins.declared(routes) if one.plugin == plugin]
    return find_route(own, "GET", path.partition("?")[0]) is not None


async def _open(uow: UnitOfWork, plugin: str, effect: OpenTask) -> None:
    if len(effect.key) > MAX_KEY:
        raise _refuse(plugin, "task.open", "the key is too long")
    if effect.role and effect.role not in ROLES:
        raise _refuse(plugin, "task.open", f"there is no role {effect.role}")
    if effect.page and not leads_to_page(uow, plugin, effect.page):
        raise _refuse(plugin, "task.open", f"there is no page {effect.page}")
    remedies = tuple(_own(plugin, one, "task.open") for one in effect.remedies)
    known = {one.value.id for one in uow.plugins.declared(complaint_remedies)}
    if unknown := set(remedies) - known:
        raise _refuse(plugin, "task.open", f"there is no remedy {min(unknown)}")
    if effect.staff_id is not None:
        await _check_person(uow, effect.staff_id)
    if effect.complaint_id is not None:
        await _check_complaint(uow, effect.complaint_id)
    customer_id = None if effect.customer_id is None else await find_living(uow, effect.customer_id)
    await open_task(
        uow,
        plugin=plugin,
        key=effect.key,
        title=effect.title,
        due_at=effect.due,
        role=effect.role,
        staff_id=effect.staff_id,
        customer_id=customer_id,
        complaint_id=effect.complaint_id,
        page=effect.page,
        remedies=remedies,
    )


async def _record(uow: UnitOfWork, plugin: str, effect: RecordEvent) -> None:
    kind = _own(plugin, effect.kind, "timeline")
    if len(kind) > MAX_KIND:
        raise _refuse(plugin, "timeline", "the kind is too long")
    customer_id = await find_living(uow, effect.customer_id)
    if effect.subject_id is not None:
        await _check_subject(uow, effect.subject_id, (effect.customer_id, customer_id))
    data = {**effect.data, "label": in_languages(effect.text)}
    await record_event(uow, customer_id=customer_id, kind=kind, data=data, subject_id=effect.subject_id)
    announce_plugin_event(uow, plugin=plugin, kind=kind, data={**effect.data, "customer_id": str(customer_id)})


async def _send_form(uow: UnitOfWork, plugin: str, effect: SendForm) -> None:
    """Make the customer's own link, and a task for the desk to hand it over; a link that is still good is enough."""
    form_id = _own(plugin, effect.form, "form.send")
    customer_id = await find_living(uow, effect.customer_id)
    if effect.subject_id is not None:
        await _check_subject(uow, effect.subject_id, (effect.customer_id, customer_id))
    try:
        form = await get_form(uow, form_id)
    except (FormNotOffered, NotFound):
        raise _refuse(plugin, "form.send", f"there is no form {form_id}") from None
    good = (
        _L.c.tenant_id == uow.tenant_id,
        _L.c.customer_id == customer_id,
        _L.c.form_id == form_id,
        _L.c.subject_id.is_not_distinct_from(effect.subject_id),
        _L.c.revoked_at.is_(None),
        _L.c.expires_at > uow.now,
        _L.c.uses < _L.c.max_uses,
    )
    if await uow.session.scalar(select(_L.c.link_id).where(*good).limit(1)) is not None:
        return
    expires_at = uow.now + timedelta(days=effect.valid_days)
    link = await create_link(
        uow, form_id=form_id, customer_id=customer_id, subject_id=effect.subject_id, expires_at=expires_at
    )
    zh, en = (localized(form.title, tag) for tag in ("zh-CN", "en"))
    await open_task(
        uow,
        plugin=plugin,
        key=f"form:{link.link_id}",
        title=both(f"把表单“{zh}”发给顾客", f"Send the customer the form “{en}”"),
        due_at=min(uow.now + HAND_OUT, expires_at),
        role="front_desk",
        customer_id=customer_id,
        page=f"/q/{link.code}",
    )


async def find_living(uow: UnitOfWork, customer_id: UUID) -> UUID:
    """Return a customer of this tenant as whom somebody is known now.

    Raises:
        NotFound: nobody here has the id, or the record was removed.
    """
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == customer_id)
    row = (await uow.session.execute(select(_C.c.state, _C.c.merged_into).where(*mine))).first()
    if row is None or row.state == "removed":
        raise NotFound("no such customer")
    return row.merged_into or customer_id


async def _check_subject(uow: UnitOfWork, subject_id: UUID, owners: tuple[UUID, ...]) -> None:
    mine = (_S.c.tenant_id == uow.tenant_id, _S.c.subject_id == subject_id, _S.c.customer_id.in_(owners))
    if await uow.session.scalar(select(_S.c.subject_id).where(*mine)) is None:
        raise NotFound("no such subject")


async def _check_person(uow: UnitOfWork, staff_id: UUID) -> None:
    mine = (_F.c.tenant_id == uow.tenant_id, _F.c.staff_id == staff_id, _F.c.state == "active")
    if await uow.session.scalar(select(_F.c.staff_id).where(*mine)) is None:
        raise NotFound("no such person")


async def _check_complaint(uow: UnitOfWork, complaint_id: UUID) -> None:
    mine = (_CASE.c.tenant_id == uow.tenant_id, _CASE.c.complaint_id == complaint_id)
    if await uow.session.scalar(select(_CASE.c.complaint_id).where(*mine)) is None:
        raise NotFound("no such complaint")
