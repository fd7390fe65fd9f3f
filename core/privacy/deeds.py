"""Erasing and copying where a plain DELETE, UPDATE or SELECT is not enough."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, delete, func, literal, or_, select, tuple_, update

from core.customers.models import Customer, CustomerPhone, Subject
from core.customers.rules.phones import national_digits
from core.db import Base, table_of
from core.evidence.models import Dossier
from core.exports.actions import expire_export
from core.exports.models import ExportJob
from core.files.actions import erase_files
from core.forms.models import FormDefinition, FormDraft, Submission
from core.hooks.records.text import localized
from core.imports.models import ImportBatch, ImportRow
from core.outbox.models import Outbox
from core.privacy.holdings import Ids, Person, array_of
from core.privacy.rules import RECORDS, keep_until
from core.uow import Reader, UnitOfWork

_C, _S, _D, _F = (table_of(one) for one in (Customer, Submission, FormDraft, FormDefinition))
_B, _R, _O, _P = (table_of(one) for one in (ImportBatch, ImportRow, Outbox, Subject))
_N, _J, _X = table_of(CustomerPhone), table_of(ExportJob), table_of(Dossier)
_ENDED = ("done", "undone", "failed")
# Papers of a treatment: 动物诊疗机构管理办法 keeps medical records for three years.
_MEDICAL = ("consent", "check")
_OWNERS = (
    ("customer", "customer"),
    ("subject", "subject"),
    ("submission", "loose"),
    ("complaint", "complaint"),
    ("evidence", "complaint"),
    ("visit", "visit"),
    ("review_claim", "review_claim"),
)
"""Kinds of owners of files, and the sets of ids that name them."""


_BLANK_SUBJECT = {
    "name": "",
    "species": None,
    "breed": None,
    "sex": None,
    "birthday": None,
    "neutered": None,
    "chip": None,
    "note": "",
}
_BLANK_CUSTOMER = {
    "full_name": "",
    "name_pinyin": "",
    "phone_e164": None,
    "member_no": None,
    "note": "",
    "gender": None,
    "household_id": None,
    "state": "removed",
}


async def split_papers(reader: Reader, ids: Ids) -> datetime | None:
    """Add the set `loose`: filled forms that no law holds; return when the others may go.

    A chain of consents is whole or nothing, so all papers of a treatment stay until the youngest is old enough.
    """
    mine = (_S.c.tenant_id == reader.tenant_id, _S.c.submission_id == func.any(array_of(ids, "submission")))
    rows = (
        await reader.session.execute(select(_S.c.submission_id, _S.c.purpose, _S.c.completed_at).where(*mine))
    ).all()
    medical = [row for row in rows if row.purpose in _MEDICAL]
    until = keep_until(max(row.completed_at for row in medical), RECORDS) if medical else None
    held = {row.submission_id for row in medical} if until is not None and until > reader.now else set()
    ids["loose"] = {row.submission_id for row in rows} - held
    ids["owner"] = {one for _, name in _OWNERS for one in ids.get(name if name != "loose" else "submission", ())}
    return until if held else None


async def erase_customer_rows(uow: UnitOfWork, person: Person) -> int:
    """Blank the records; their keys and numbers stay, for the books refer to them."""
    customers = person.ids["customer"]
    rows = (_P.c.tenant_id == uow.tenant_id, _P.c.subject_id == func.any(array_of(person.ids, "subject")))
    await uow.session.execute(update(_P).where(*rows).values(**_BLANK_SUBJECT, changed_at=uow.now))
    mine = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == func.any(array_of(person.ids, "customer")))
    await uow.session.execute(
        update(_C).where(*mine).values(**_BLANK_CUSTOMER, version=_C.c.version + 1, changed_at=uow.now)
    )
    return len(customers)


async def erase_drafts(uow: UnitOfWork, person: Person) -> int:
    """Delete unfinished forms of the person's own links, and those on posters that hold one of the phones."""
    mine = [_D.c.link_id == func.any(array_of(person.ids, "link"))]
    mine += [cast(_D.c.answers, Text).contains(phone, autoescape=True) for phone in person.phones]
    gone = await uow.session.execute(
        delete(_D).where(_D.c.tenant_id == uow.tenant_id, or_(*mine)).returning(literal(1))
    )
    return len(gone.all())


async def erase_import_rows(uow: UnitOfWork, person: Person) -> int:
    """Blank the rows of lists that tell of the person, and drop the uploaded files that were worked off."""
    mine = [
        _R.c.customer_id == func.any(array_of(person.ids, "customer")),
        _R.c.subject_id == func.any(array_of(person.ids, "subject")),
        *(cast(_R.c.cells, Text).contains(phone, autoescape=True) for phone in person.phones),
    ]
    blank: dict[str, Any] = {"cells": [], "problems": [], "reading": None, "before": None}
    rows = (
        await uow.session.execute(
            update(_R).where(_R.c.tenant_id == uow.tenant_id, or_(*mine)).values(**blank).returning(_R.c.batch_id)
        )
    ).all()
    batches = {row.batch_id for row in rows}
    if batches:
        await uow.session.execute(
            update(_B)
            .where(_B.c.tenant_id == uow.tenant_id, _B.c.batch_id.in_(batches), _B.c.state.in_(_ENDED))
            .values(content=b"")
        )
    return len(rows)


async def erase_files_of(uow: UnitOfWork, person: Person) -> int:
    """Erase the bytes and names of files that no law and no legal hold on one of the person's cases keeps."""
    if person.ids.get("held"):
        return 0
    done = 0
    for kind, name in _OWNERS:
        owners = person.ids.get(name, set())
        if owners:
            done += await erase_files(uow, owner_kind=kind, owner_ids=owners)
    return done


async def drop_dossiers(uow: UnitOfWork, person: Person) -> int:
    """Throw away the readable part of exports of the person's cases; the archive's pieces go by their own line."""
    mine = (_X.c.tenant_id == uow.tenant_id, _X.c.dossier_id == func.any(array_of(person.ids, "dossier")))
    gone = update(_X).where(*mine).values(paper=b"", state="expired", reason="").returning(literal(1))
    return len((await uow.session.execute(gone)).all())


async def erase_told_events(uow: UnitOfWork, person: Person) -> int:
    """Delete finished work whose payload tells of the person's complaints: plugins were sent a summary."""
    complaints = person.ids.get("complaint", set())
    if not complaints:
        return 0
    names = [cast(_O.c.payload, Text).contains(str(one)) for one in complaints]
    ended = (_O.c.tenant_id == uow.tenant_id, _O.c.state.in_(("done", "dead")))
    return len((await uow.session.execute(delete(_O).where(*ended, or_(*names)).returning(literal(1)))).all())


async def erase_exports(uow: UnitOfWork, person: Person) -> int:
    """Drop every exported list that is still kept: nobody can say who stands in which, and they live a week anyway."""
    del person
    kept = select(_J.c.export_id).where(_J.c.tenant_id == uow.tenant_id, _J.c.state.in_(("running", "done")))
    exports = list(await uow.session.scalars(kept))
    for export_id in exports:
        await expire_export(uow, export_id=export_id)
    return len(exports)


def revoke(row: type[Base]) -> Callable[[UnitOfWork, Person], Awaitable[int]]:
    """Make a deed that takes links back."""
    table = table_of(row)
    owner = {"form_link": "link", "visit_link": "visit"}.get(table.name, "customer")
    column = {"link": "link_id", "visit": "visit_id", "customer": "customer_id"}[owner]

    async def take_back(uow: UnitOfWork, person: Person) -> int:
        mine = (table.c.tenant_id == uow.tenant_id, table.c[column] == func.any(array_of(person.ids, owner)))
        statement = update(table).where(*mine, table.c.revoked_at.is_(None)).values(revoked_at=uow.now)
        return len((await uow.session.execute(statement.returning(literal(1)))).all())

    return take_back


async def with_questions(reader: Reader, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers with the questions as they stood in the form on that day."""
    wanted: Sequence[tuple[str, str]] = sorted({(row["form_id"], row["version"]) for row in rows})
    if not wanted:
        return rows
    found = await reader.session.execute(
        select(_F.c.form_id, _F.c.version, _F.c.definition).where(
            _F.c.tenant_id == reader.tenant_id, tuple_(_F.c.form_id, _F.c.version).in_(wanted)
        )
    )
    forms = {(row.form_id, row.version): row.definition for row in found}
    return [_readable(row, forms.get((row["form_id"], row["version"]), {}), reader.scope.locale) for row in rows]


def _readable(row: dict[str, Any], form: dict[str, Any], locale: str) -> dict[str, Any]:
    answers = row.get("data") or {}
    labels = {field["key"]: field for field in form.get("fields", ()) if isinstance(field, dict) and "key" in field}
    said = {
        _label(labels.get(key, {}), key, locale): _answer(labels.get(key, {}), value, locale)
        for key, value in answers.items()
    }
    title = localized(form.get("title", ""), locale) or row["form_id"]
    return {"form": title} | {key: value for key, value in row.items() if key != "data"} | {"answers": said}


def _label(field: dict[str, Any], key: str, locale: str) -> str:
    return localized(field.get("label", ""), locale) or key


def _answer(field: dict[str, Any], value: Any, locale: str) -> Any:
    options = {one[0]: one[1] for one in field.get("options", ()) if isinstance(one, list) and len(one) == 2}
    if isinstance(value, list) and field.get("type") == "group":
        labels = {one.get("key"): one for one in field.get("fields", ())}
        return [
            {
                _label(labels.get(key, {}), key, locale): _answer(labels.get(key, {}), one, locale)
                for key, one in row.items()
            }
            for row in value
            if isinstance(row, dict)
        ]
    if isinstance(value, list):
        return [localized(options.get(one, ""), locale) or one for one in value]
    return localized(options.get(value, ""), locale) or value if isinstance(value, str) else value


async def list_phones(reader: Reader, customer_ids: set[UUID]) -> tuple[str, ...]:
    """Return the person's phones as people write them in lists and forms: the digits without the country."""
    mine = (_N.c.tenant_id == reader.tenant_id, _N.c.customer_id.in_(customer_ids))
    return tuple(national_digits(one) for one in await reader.session.scalars(select(_N.c.phone_e164).where(*mine)))
