"""One submission from its answers to its rows: judged, checked by plugins, put to its customer and subject."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from core.customers.actions import add_subject, find_or_create, record_event
from core.customers.profile import set_profile_value
from core.customers.queries import get_subject_types, list_subjects
from core.customers.rules.names import clean_name
from core.customers.rules.profile import SUBJECT_FIELDS, EntityType, Source, SubjectDraft
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput
from core.forms.attaching import attach_files, list_attached
from core.forms.models import FormDefinition, Submission
from core.forms.ports import Seal
from core.forms.queries import LinkFacts
from core.forms.rules import (
    canonical_json,
    completeness,
    evaluate,
    flags,
    profile_fields,
    profile_values,
    version_of,
)
from core.hooks.context import Reader as PluginReader
from core.hooks.records.forms import Flag, Form, FormProblem
from core.hooks.records.text import localized
from core.hooks.specs.forms import check_intake
from core.uow import UnitOfWork

Channel = Literal["online", "interview", "phone", "import"]
SURVEY_SENT: Final = "surveys.sent"
"""The task that counts a survey's answers; surveys stand above forms, so it goes by its name."""
_D, _S = table_of(FormDefinition), table_of(Submission)
# Who is asked decides how much the answer weighs: staff interview > customer > import.
_SOURCES: dict[Channel, Source] = {"online": "customer", "interview": "staff", "phone": "staff", "import": "import"}


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What came out of a submit; `replayed` when the same page had been sent before."""

    submission_id: UUID
    customer_id: UUID | None
    subject_id: UUID | None
    answered: int
    total: int
    flags: tuple[Flag, ...]
    notices: tuple[FormProblem, ...]
    replayed: bool = False


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a submission comes from, and whom it is known to be about."""

    channel: Channel
    once_key: str
    link: LinkFacts | None = None
    customer_id: UUID | None = None
    subject_id: UUID | None = None
    branch_id: UUID | None = None
    seal: Any = None
    """A `ports.Seal`; a consent is not taken in without one."""


class ConsentNotSealed(Conflict):
    """A consent is read and signed by a person on its own page; no other way leads in."""

    code = "consent-not-sealed"


async def keep_definition(uow: UnitOfWork, form: Form) -> str:
    """Store the definition that is about to be used, once per version, and return the version."""
    version = version_of(form)
    row = {"tenant_id": uow.tenant_id, "form_id": form.id, "version": version, "created_at": uow.now}
    definition = msgspec.json.decode(canonical_json(form))
    await uow.session.execute(upsert(_D).values(**row, definition=definition).on_conflict_do_nothing())
    return version


async def take_in(
    uow: UnitOfWork, form: Form, answers: dict[str, Any], origin: Origin, plugin_reader: PluginReader | None
) -> Filled:
    """Judge the answers and write everything that follows; InvalidInput rolls all of it back."""
    today = uow.today.isoformat()
    result = evaluate(form, answers, today)
    if result.errors:
        raise InvalidInput(result.errors)
    if form.purpose == "consent" and origin.seal is None:
        raise ConsentNotSealed
    submission_id = new_id()
    link_id = origin.link.link_id if origin.link else None
    attached = await attach_files(uow, form, result.data, link_id=link_id, submission_id=submission_id)
    data = attached.data
    raised, notices = await _ask_plugins(uow, form, data, plugin_reader)
    customer_id, subject_id = await _Profile(uow, form, origin, submission_id).write(data)
    items = completeness(form, result)
    filled = Filled(
        submission_id=submission_id,
        customer_id=customer_id,
        subject_id=subject_id,
        answered=items.answered,
        total=items.total,
        flags=(*flags(form, result, today), *raised),
        notices=notices,
    )
    await _write(uow, form, origin, filled, data)
    await list_attached(uow, attached, submission_id=submission_id)
    if origin.seal is not None:
        seal: Seal = origin.seal
        about = partial(seal, submission_id=submission_id, customer_id=customer_id, subject_id=subject_id)
        await about(uow, form=form, data=data)
    await _tell(uow, form, origin, filled)
    return filled


async def _ask_plugins(
    uow: UnitOfWork, form: Form, data: dict[str, Any], plugin_reader: PluginReader | None
) -> tuple[tuple[Flag, ...], tuple[FormProblem, ...]]:
    """Let the plugins look at valid answers: alerts and remarks come back, a blocking problem refuses the submit."""
    decision = await uow.plugins.decide(
        check_intake,
        now=uow.now,
        locale=uow.scope.locale,
        actor=uow.actor,
        reader=plugin_reader,
        form=form.id,
        answers=data,
    )
    found = [answer.value for answer in decision.answers]
    problems = tuple(one for one in found if isinstance(one, FormProblem))
    blocking = tuple(
        FieldProblem(one.field, one.code, {"text": localized(one.text, uow.scope.locale)})
        for one in problems
        if one.blocks
    )
    if blocking:
        raise InvalidInput(blocking)
    return tuple(one for one in found if isinstance(one, Flag)), problems


async def _write(uow: UnitOfWork, form: Form, origin: Origin, filled: Filled, data: dict[str, Any]) -> None:
    await uow.session.execute(
        insert(_S).values(
            tenant_id=uow.tenant_id,
            submission_id=filled.submission_id,
            form_id=form.id,
            version=await keep_definition(uow, form),
            purpose=form.purpose,
            link_id=origin.link.link_id if origin.link else None,
            customer_id=filled.customer_id,
            subject_id=filled.subject_id,
            branch_id=origin.branch_id,
            channel=origin.channel,
            status="complete",
            data=data,
            answered=filled.answered,
            total=filled.total,
            flags=msgspec.to_builtins(filled.flags),
            notices=msgspec.to_builtins(filled.notices),
            once_key=origin.once_key,
            actor_kind=uow.actor.kind,
            actor_id=uow.actor.id if uow.actor.kind == "staff" else filled.customer_id,
            actor_name=uow.actor.name,
            completed_at=uow.now,
        )
    )


async def _tell(uow: UnitOfWork, form: Form, origin: Origin, filled: Filled) -> None:
    """Put it on the customer's timeline, into the audit log and onto open pages."""
    said = {"form": form.id, "channel": origin.channel, "answered": filled.answered, "total": filled.total}
    if filled.customer_id is not None:
        await record_event(
            uow,
            customer_id=filled.customer_id,
            kind=form.purpose,
            data={**said, "title": form.title, "flags": [flag.title for flag in filled.flags]},
            subject_id=filled.subject_id,
            ref_id=filled.submission_id,
        )
    uow.audit("form.submit", "submission", filled.submission_id, said | {"flags": len(filled.flags)})
    uow.publish("submissions", {"submission_id": str(filled.submission_id), "flags": len(filled.flags)})
    ids = {"submission_id": filled.submission_id, "customer_id": filled.customer_id, "subject_id": filled.subject_id}
    uow.announce("submission.completed", ids | said | {"purpose": form.purpose, "flags": len(filled.flags)})
    if form.purpose == "survey":
        key = f"survey:{filled.submission_id}"
        await uow.enqueue(SURVEY_SENT, {"submission_id": str(filled.submission_id)}, dedupe_key=key)


class _Profile:
    """Finds or writes down whom the answers are about, and fills their records by the form's profile map."""

    def __init__(self, uow: UnitOfWork, form: Form, origin: Origin, submission_id: UUID) -> None:
        self._uow = uow
        self._form = form
        self._origin = origin
        self._submission_id = submission_id
        self._source: Source = _SOURCES[origin.channel]
        self._paths = profile_fields(form)

    async def write(self, data: dict[str, Any]) -> tuple[UUID | None, UUID | None]:
        """Return (customer, subject); either is None when the form does not say who it is."""
        said = profile_values(self._form, data)
        customer_id = self._origin.customer_id
        if customer_id is None:
            customer_id = await self._customer(said)
        if customer_id is None:
            return None, None
        await self._fill("customer", customer_id, said)
        subject_id = self._origin.subject_id
        if subject_id is None:
            subject_id = await self._subject(customer_id, said)
        if subject_id is not None:
            await self._fill("subject", subject_id, said)
        return customer_id, subject_id

    async def _customer(self, said: dict[str, Any]) -> UUID | None:
        # Found by phone, a customer keeps the name and number on record: two people may share one phone.
        phone, name = said.pop("customer.phone", None), said.pop("customer.full_name", None)
        if phone is None:
            return None
        with self._placed("customer"):
            found, _ = await find_or_create(
                self._uow, phone=str(phone), full_name=str(name or phone), source=self._source
            )
        return found

    async def _subject(self, customer_id: UUID, said: dict[str, Any]) -> UUID | None:
        name = clean_name(str(said.pop("subject.name", "")))
        if not name:
            return None
        for known in await list_subjects(self._uow, customer_id):
            if known.name.casefold() == name.casefold():
                return known.subject_id
        plugin = self._form.id.partition(".")[0]
        kind = next((one.id for one in get_subject_types(self._uow) if one.id.startswith(f"{plugin}.")), None)
        if kind is None:
            return None
        draft = SubjectDraft(name=name, kind=kind)
        for field in SUBJECT_FIELDS:
            if f"subject.{field}" in said:
                draft = _with(draft, field, said)
        with self._placed("subject"):
            return await add_subject(
                self._uow, customer_id=customer_id, draft=draft, source=self._source, ref_id=self._submission_id
            )

    async def _fill(self, entity: EntityType, entity_id: UUID, said: dict[str, Any]) -> None:
        for target, value in said.items():
            kind, _, key = target.partition(".")
            if kind == entity:
                with self._placed(entity):
                    await set_profile_value(
                        self._uow,
                        entity_type=entity,
                        entity_id=entity_id,
                        field_key=key,
                        value=value,
                        source=self._source,
                        ref_id=self._submission_id,
                    )

    @contextmanager
    def _placed(self, entity: EntityType) -> Iterator[None]:
        """Show what the record refuses at the field where it was typed."""
        try:
            yield
        except InvalidInput as refused:
            raise InvalidInput(
                tuple(
                    FieldProblem(self._paths.get(f"{entity}.{one.path}", one.path), one.code, one.params)
                    for one in refused.problems
                )
            ) from refused


def _with(draft: SubjectDraft, field: str, said: dict[str, Any]) -> SubjectDraft:
    """Put a value into the draft of a new subject; one that does not fit stays in `said`, to be refused by name."""
    wire = msgspec.to_builtins(draft) | {field: said[f"subject.{field}"]}
    try:
        better = msgspec.convert(wire, SubjectDraft)
    except msgspec.ValidationError:
        return draft
    del said[f"subject.{field}"]
    return better
