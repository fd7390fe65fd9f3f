"""Makes and takes back links, and takes in what was filled in."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, insert, select, update

from core.customers.queries import get_customer, get_subject
from core.db import new_id, table_of
from core.errors import FieldProblem, InvalidInput, NotFound
from core.forms.intake import Channel, Filled, Origin, take_in
from core.forms.models import FormDraft, FormLink, Submission
from core.forms.ports import Seal
from core.forms.queries import (
    FormLinkUsed,
    LinkFacts,
    find_draft_row,
    get_form,
    get_link,
    get_usable_link,
)
from core.hooks.context import Reader as PluginReader
from core.tenancy.actions import new_public_code
from core.uow import UnitOfWork

_L, _R, _S = table_of(FormLink), table_of(FormDraft), table_of(Submission)

_ONCE_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


async def create_link(
    uow: UnitOfWork,
    *,
    form_id: str,
    branch_id: UUID | None = None,
    customer_id: UUID | None = None,
    subject_id: UUID | None = None,
    expires_at: datetime | None = None,
    max_uses: int | None = None,
) -> LinkFacts:
    """Make an address for a form: for a poster, or (with a customer) for one person and then once only.

    Raises:
        FormNotOffered: no enabled plugin brings this form.
        InvalidInput: it would be over before it begins.
    """
    form = await get_form(uow, form_id)
    if expires_at is not None and expires_at <= uow.now:
        raise InvalidInput((FieldProblem("expires_at", "in-the-past"),))
    if max_uses is not None and max_uses < 1:
        raise InvalidInput((FieldProblem("max_uses", "min", {"min": 1}),))
    if subject_id is not None:
        owner = (await get_subject(uow, subject_id)).customer_id
        if customer_id not in {None, owner}:
            raise NotFound("no such subject")
        customer_id = owner
    elif customer_id is not None:
        await get_customer(uow, customer_id)
    code = await new_public_code(uow)
    link_id = new_id()
    # A link for one person shows what is known of that person: it is good for one submit unless said otherwise.
    uses = max_uses if max_uses is not None or customer_id is None else 1
    await uow.session.execute(
        insert(_L).values(
            tenant_id=uow.tenant_id,
            link_id=link_id,
            code=code,
            form_id=form_id,
            purpose=form.purpose,
            branch_id=branch_id,
            customer_id=customer_id,
            subject_id=subject_id,
            expires_at=expires_at,
            max_uses=uses,
            uses=0,
            revoked_at=None,
            created_by=uow.actor.id if uow.actor.kind == "staff" else None,
            created_by_name=uow.actor.name,
            created_at=uow.now,
        )
    )
    uow.audit("form.link.create", "form_link", link_id, {"form": form_id})
    return await get_link(uow, code)


async def revoke_link(uow: UnitOfWork, *, link_id: UUID) -> None:
    """Take a link back at once; what was sent through it stays. Twice is once."""
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.link_id == link_id)
    found = (await uow.session.execute(select(_L.c.revoked_at).where(*mine))).first()
    if found is None:
        raise NotFound("no such link")
    if found.revoked_at is None:
        await uow.session.execute(update(_L).where(*mine).values(revoked_at=uow.now))
        uow.audit("form.link.revoke", "form_link", link_id)


async def submit_intake(
    uow: UnitOfWork,
    *,
    code: str,
    answers: dict[str, Any],
    once_key: str,
    draft_key: str | None = None,
    plugin_reader: PluginReader | None = None,
    seal: Seal | None = None,
) -> Filled:
    """Take in a form that was filled in behind a link; the same `once_key` gives the first answer again.

    A consent needs its seal: `core.consents.actions.Sealing(Witness(ip, user_agent))`; other forms ignore it.

    Raises:
        InvalidInput: every (path, code) at once, also what plugins refuse (their words in `params["text"]`).
        FormLinkExpired, FormLinkRevoked, FormLinkUsed, FormNotOffered: 410.
        PluginRefused: a plugin that must look at the answers did not answer.
    """
    before = await _sent_before(uow, once_key)
    if before is not None:
        return before
    link = await get_usable_link(uow, code)
    origin = Origin(
        channel="online",
        once_key=once_key,
        link=link,
        customer_id=link.customer_id,
        subject_id=link.subject_id,
        branch_id=link.branch_id,
        seal=seal,
    )
    filled = await take_in(uow, await get_form(uow, link.form_id), answers, origin, plugin_reader)
    await _use(uow, link)
    row = await find_draft_row(uow, link, key=draft_key)
    if row is not None:
        await uow.session.execute(delete(_R).where(_R.c.tenant_id == uow.tenant_id, _R.c.draft_id == row.draft_id))
    return filled


async def record_intake(
    uow: UnitOfWork,
    *,
    form_id: str,
    answers: dict[str, Any],
    once_key: str,
    customer_id: UUID | None = None,
    subject_id: UUID | None = None,
    branch_id: UUID | None = None,
    channel: Channel = "interview",
    plugin_reader: PluginReader | None = None,
    seal: Seal | None = None,
) -> Filled:
    """Take in a form that staff typed or that was imported; raises as `submit_intake`."""
    before = await _sent_before(uow, once_key)
    if before is not None:
        return before
    if subject_id is not None:
        customer_id = (await get_subject(uow, subject_id)).customer_id
    elif customer_id is not None:
        await get_customer(uow, customer_id)
    origin = Origin(
        channel=channel,
        once_key=once_key,
        customer_id=customer_id,
        subject_id=subject_id,
        branch_id=branch_id,
        seal=seal,
    )
    return await take_in(uow, await get_form(uow, form_id), answers, origin, plugin_reader)


async def _sent_before(uow: UnitOfWork, once_key: str) -> Filled | None:
    """Find what this page has already sent; a second click waits here until the first one is through."""
    if not _ONCE_KEY.fullmatch(once_key):
        raise InvalidInput((FieldProblem("_once", "required"),))
    place = func.hashtextextended(f"{uow.tenant_id}:submission:{once_key}", 0)
    await uow.session.execute(select(func.pg_advisory_xact_lock(place)))
    columns = [_S.c[name] for name in Filled.__struct_fields__ if name != "replayed"]
    query = select(*columns).where(_S.c.tenant_id == uow.tenant_id, _S.c.once_key == once_key)
    row = (await uow.session.execute(query)).first()
    if row is None:
        return None
    return msgspec.convert({**row._mapping, "replayed": True}, Filled)  # noqa: SLF001 - a public name of SQLAlchemy


async def _use(uow: UnitOfWork, link: LinkFacts) -> None:
    """Count one use; of two that come at once on a link for one, the later is refused."""
    free = (_L.c.max_uses.is_(None)) | (_L.c.uses < _L.c.max_uses)
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.link_id == link.link_id)
    used = await uow.session.scalar(
        update(_L).where(*mine, free, _L.c.revoked_at.is_(None)).values(uses=_L.c.uses + 1).returning(_L.c.uses)
    )
    if used is None:
        raise FormLinkUsed(branch_id=link.branch_id)
