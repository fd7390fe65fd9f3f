"""Writes the case library: a draft without its people, published once a reviewer has looked, withdrawn with a reason."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import insert, update

from core.complaints.cases.case import lock_case
from core.complaints.queries.cases import get_complaint
from core.customers.rules.names import clean_text
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, Forbidden, InvalidInput
from core.hooks.records.text import localized
from core.hooks.specs.complaints import complaint_categories
from core.lessons.models import LibraryEntry
from core.lessons.queries.closing import cause_labels, find_cause
from core.lessons.queries.library import (
    TEXTS,
    EntryFacts,
    find_entry_of,
    get_entry,
    get_known,
    get_source,
    sounds_of,
)
from core.lessons.rules.masking import leaks, mask
from core.uow import UnitOfWork

_L = table_of(LibraryEntry)
REVIEW: Final = "complaints.judge"
MAX_TEXT: Final = 10_000


class CaseStillOpen(Conflict):
    """Only a closed case becomes an entry of the library."""

    code = "case-still-open"


class EntryMoved(Conflict):
    """Somebody else has published or withdrawn it."""

    code = "entry-moved"


async def draft_entry(uow: UnitOfWork, *, complaint_id: UUID, staff: Sequence[str]) -> EntryFacts:
    """Make an entry of a closed case, everybody's name and number taken out; a second time it is the same draft.

    Args:
        uow: the unit of work.
        complaint_id: an archived case.
        staff: everybody's name of this house.

    Raises:
        CaseStillOpen, NotFound.
    """
    locked = await lock_case(uow, complaint_id)
    if locked.state != "archived":
        raise CaseStillOpen(state=locked.state)
    known = await find_entry_of(uow, complaint_id)
    if known is not None:
        return known
    case = await get_complaint(uow, complaint_id=complaint_id)
    source, secrets = await get_source(uow, case), await get_known(uow, case, staff=staff)
    cause = await find_cause(uow, complaint_id)
    texts = {name: mask(getattr(source, name)[:MAX_TEXT], secrets).text for name in TEXTS}
    entry_id = new_id()
    await uow.session.execute(
        insert(_L).values(
            **texts,
            tenant_id=uow.tenant_id,
            entry_id=entry_id,
            complaint_id=complaint_id,
            state="draft",
            category=case.category,
            cause=cause.cause if cause is not None else None,
            severity=case.severity,
            search="",
            made_by_name=uow.actor.name,
            made_at=uow.now,
            reviewed_by_name="",
            withdrawn_by_name="",
            withdrawn_reason="",
        )
    )
    uow.audit("library.draft", "library_entry", entry_id, {"complaint_id": str(complaint_id)})
    return await get_entry(uow, entry_id)


async def publish_entry(
    uow: UnitOfWork, *, entry_id: UUID, texts: Mapping[str, str], seen: bool, staff: Sequence[str]
) -> EntryFacts:
    """Publish a draft as its reviewer leaves it, for every branch; a name or number of the case still in it refuses.

    Raises:
        Forbidden: without the right to review.
        EntryMoved: it is published or withdrawn already.
        InvalidInput: not confirmed as looked at (`seen`), no situation or lesson, or `not-anonymous` at a field with the
            stretch that still names somebody.
    """
    if not uow.actor.may(REVIEW):
        raise Forbidden(permission=REVIEW)
    entry = await get_entry(uow, entry_id, lock=True)
    if entry.state != "draft" or entry.complaint_id is None:
        raise EntryMoved(state=entry.state)
    case = await get_complaint(uow, complaint_id=entry.complaint_id)
    known = await get_known(uow, case, staff=staff)
    kept = {name: clean_text(texts.get(name, getattr(entry, name))) for name in TEXTS}
    problems = [] if seen else [FieldProblem("seen", "required")]
    problems += [FieldProblem(name, "required") for name in ("situation", "lesson") if not kept[name]]
    for name, text in kept.items():
        if len(text) > MAX_TEXT:
            problems.append(FieldProblem(name, "too-long", {"max": MAX_TEXT}))
        elif found := leaks(text, known):
            problems.append(FieldProblem(name, "not-anonymous", {"words": "、".join(found)[:200]}))
    if problems:
        raise InvalidInput(tuple(problems))
    values = {
        **kept,
        "state": "published",
        "search": _search(uow, entry, kept),
        "reviewed_by_name": uow.actor.name,
        "published_at": uow.now,
    }
    await _set(uow, entry_id, values)
    uow.audit("library.publish", "library_entry", entry_id)
    return await get_entry(uow, entry_id)


def _search(uow: UnitOfWork, entry: EntryFacts, texts: Mapping[str, str]) -> str:
    categories = {one.value.id: one.value.label for one in uow.plugins.declared(complaint_categories)}
    labels = [categories.get(entry.category or "", ""), cause_labels(uow).get(entry.cause or "", "")]
    words = [localized(label, locale) for label in labels for locale in ("zh-CN", "en") if label]
    return " ".join(sounds_of(one) for one in (*words, texts["situation"], texts["lesson"], texts["done"]) if one)


async def withdraw_entry(uow: UnitOfWork, *, entry_id: UUID, reason: str) -> None:
    """Take an entry out of the library, with a reason; its case may become another one.

    Raises:
        Forbidden, EntryMoved, InvalidInput (no reason).
    """
    if not uow.actor.may(REVIEW):
        raise Forbidden(permission=REVIEW)
    words = clean_text(reason)
    if not words or len(words) > MAX_TEXT:
        raise InvalidInput((FieldProblem("reason", "required"),))
    entry = await get_entry(uow, entry_id, lock=True)
    if entry.state == "withdrawn":
        raise EntryMoved(state=entry.state)
    values = {
        "state": "withdrawn",
        "withdrawn_by_name": uow.actor.name,
        "withdrawn_at": uow.now,
        "withdrawn_reason": words,
    }
    await _set(uow, entry_id, values)
    uow.audit("library.withdraw", "library_entry", entry_id, {"reason": words})


async def _set(uow: UnitOfWork, entry_id: UUID, values: Mapping[str, object]) -> None:
    mine = (_L.c.tenant_id == uow.tenant_id, _L.c.entry_id == entry_id)
    await uow.session.execute(update(_L).where(*mine).values(**values))
