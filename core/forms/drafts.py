"""Unfinished answers on the server: saved, gone on with elsewhere, and settled where two devices disagree; nothing is lost."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import func, insert, select, update

from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.forms.intake import keep_definition
from core.forms.models import FormDraft
from core.forms.queries import LinkFacts, find_draft_row, get_definition, get_form, get_usable_link
from core.forms.rules import Leftover, carry_over, hash_of_key, is_storable
from core.hooks.records.forms import Form
from core.uow import UnitOfWork

_R = table_of(FormDraft)

DRAFT_DAYS = 30
MAX_DRAFT_BYTES = 512_000


class DraftChanged(Conflict):
    """The same draft was saved elsewhere since it was opened here."""

    code = "form-draft-changed"


class DraftSaved(msgspec.Struct, frozen=True):
    """`key` opens the draft again, also on another device; keep it in a cookie or in the address."""

    key: str
    revision: int


async def save_draft(
    uow: UnitOfWork,
    *,
    code: str,
    answers: dict[str, Any],
    key: str | None = None,
    revision: int | None = None,
    writer: str = "",
) -> DraftSaved:
    """Keep unfinished answers; without a key (or with one that opens nothing any more) a new draft begins.

    A link for one person has one draft and needs no key. What an older version of the form held and this one cannot
    is kept beside the answers.

    Raises:
        DraftChanged: `revision` is not the draft's: another page saved it since (0: none was there when it was opened).
        FormLinkExpired, FormLinkRevoked, FormLinkUsed: 410.
    """
    link, form, version = await _opened(uow, code, answers)
    row = await find_draft_row(uow, link, key=key)
    if row is None:
        return await _begin(uow, link, version, answers, writer)
    refuse_changed(revision, writer, draft_revision=row.revision, draft_writer=row.writer, saved_at=row.saved_at)
    more = {"leftovers": await _leftovers(uow, row, form, version), "writer": writer}
    return await _overwrite(uow, row, key, version, answers, **more)


def refuse_changed(
    revision: int | None, writer: str, *, draft_revision: int, draft_writer: str, saved_at: datetime
) -> None:
    """Raise DraftChanged when another page has saved the draft since this one saw `revision` (None: do not ask)."""
    if revision is not None and revision != draft_revision and (not writer or writer != draft_writer):
        raise DraftChanged(saved_at=saved_at, revision=draft_revision)


async def settle_draft(
    uow: UnitOfWork, *, code: str, answers: dict[str, Any], keep: Literal["mine", "theirs"], key: str | None = None
) -> DraftSaved:
    """Decide between `answers` (mine) and what another device saved (theirs); the other one is set aside, not lost.

    When theirs is gone meanwhile, mine begins a draft of its own.
    """
    link, form, version = await _opened(uow, code, answers)
    row = await find_draft_row(uow, link, key=key)
    if row is None:
        return await _begin(uow, link, version, answers, "")
    now = uow.now.isoformat()
    if keep == "theirs":
        aside = {"version": version, "answers": answers, "saved_at": now}
        return await _overwrite(uow, row, key, row.version, row.answers, set_aside=aside)
    aside = {"version": row.version, "answers": row.answers, "saved_at": row.saved_at.isoformat()}
    more = await _leftovers(uow, row, form, version)
    return await _overwrite(uow, row, key, version, answers, set_aside=aside, leftovers=more)


async def swap_draft(uow: UnitOfWork, *, code: str, key: str | None = None) -> DraftSaved:
    """Bring the version that was set aside back and set the present one aside.

    Raises:
        NotFound: there is no draft, or nothing was set aside.
    """
    link, _, _ = await _opened(uow, code, {})
    row = await find_draft_row(uow, link, key=key)
    if row is None or row.set_aside is None:
        raise NotFound("nothing was set aside")
    aside = {"version": row.version, "answers": row.answers, "saved_at": row.saved_at.isoformat()}
    other = row.set_aside
    return await _overwrite(uow, row, key, other["version"], other["answers"], set_aside=aside)


async def _opened(uow: UnitOfWork, code: str, answers: dict[str, Any]) -> tuple[LinkFacts, Form, str]:
    """Check what was sent, and let one device at a time write behind this link."""
    if not is_storable(answers):
        raise InvalidInput((FieldProblem("", "bad-text"),))
    if len(msgspec.json.encode(answers)) > MAX_DRAFT_BYTES:
        raise InvalidInput((FieldProblem("", "too_large", {"max": MAX_DRAFT_BYTES}),))
    link = await get_usable_link(uow, code)
    place = func.hashtextextended(f"{uow.tenant_id}:draft:{link.link_id}", 0)
    await uow.session.execute(select(func.pg_advisory_xact_lock(place)))
    form = await get_form(uow, link.form_id)
    return link, form, await keep_definition(uow, form)


async def _begin(uow: UnitOfWork, link: LinkFacts, version: str, answers: dict[str, Any], writer: str) -> DraftSaved:
    fresh = secrets.token_urlsafe(24)
    await uow.session.execute(
        insert(_R).values(
            tenant_id=uow.tenant_id,
            draft_id=new_id(),
            link_id=link.link_id,
            key_hash=hash_of_key(fresh),
            form_id=link.form_id,
            version=version,
            answers=answers,
            revision=1,
            leftovers=[],
            writer=writer,
            saved_at=uow.now,
            expires_at=uow.now + timedelta(days=DRAFT_DAYS),
        )
    )
    return DraftSaved(fresh, 1)


async def _overwrite(
    uow: UnitOfWork, row: Any, key: str | None, version: str, answers: dict[str, Any], **more: Any
) -> DraftSaved:
    mine = (_R.c.tenant_id == uow.tenant_id, _R.c.draft_id == row.draft_id)
    values = {"version": version, "answers": answers, "saved_at": uow.now, "revision": row.revision + 1, "writer": ""}
    await uow.session.execute(update(_R).where(*mine).values(**values | more))
    return DraftSaved(key or "", row.revision + 1)


async def _leftovers(uow: UnitOfWork, row: Any, form: Form, version: str) -> list[dict[str, Any]]:
    """What the draft has kept so far of older versions, and what this version cannot hold of the last save."""
    kept: list[dict[str, Any]] = row.leftovers
    if row.version == version:
        return kept
    old = await get_definition(uow, form_id=row.form_id, version=row.version)
    found = carry_over(old, form, row.answers, uow.today.isoformat()).leftovers
    known = [msgspec.convert(one, Leftover) for one in kept]
    return [*kept, *(msgspec.to_builtins(one) for one in found if one not in known)]
