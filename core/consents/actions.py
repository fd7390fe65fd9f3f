"""Seals a signed consent, takes it back, and stops what needs one."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from core.chains import GENESIS, canonical, moment, seal_of
from core.consents.models import ConsentSeal
from core.consents.queries import ConsentFacts, find_consent, get_consent, list_chains
from core.consents.rules import SignedBody, Signer, WithdrawnBody, Witness, shown_text, signer_of
from core.customers.actions import record_event
from core.customers.queries import find_present_customer, get_customer
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput
from core.forms.queries import find_form
from core.forms.rules import form_view, version_of
from core.hooks.records.forms import Form
from core.hooks.records.text import localized
from core.uow import UnitOfWork

_S = table_of(ConsentSeal)
MAX_REASON = 500
MAX_AGENT = 400


class ConsentMissing(Conflict):
    """What is to begin needs a consent that nobody signed, or that was withdrawn."""

    code = "consent-missing"


class ConsentOfNobody(Conflict):
    """A consent needs somebody it is about: it is opened from the customer's own link."""

    code = "consent-of-nobody"


class ConsentWithdrawn(Conflict):
    """The consent was withdrawn already."""

    code = "consent-withdrawn"


class Sealing:
    """Seals a consent in the transaction that takes its form in; other forms pass untouched.

    Hand it to `submit_intake(seal=...)` and `record_intake(seal=...)`.
    """

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def __call__(
        self,
        uow: UnitOfWork,
        *,
        form: Form,
        data: dict[str, Any],
        submission_id: UUID,
        customer_id: UUID | None,
        subject_id: UUID | None,
    ) -> None:
        """Add the link; raise InvalidInput when nobody signed, ConsentOfNobody when it is about nobody."""
        if form.purpose != "consent":
            return
        if customer_id is None:
            raise ConsentOfNobody
        customer = await get_customer(uow, customer_id)
        signer = signer_of(form, data, known_name=customer.full_name, has_subject=subject_id is not None)
        if isinstance(signer, FieldProblem):
            raise InvalidInput((signer,))
        own = {"submission_id": submission_id, "customer_id": customer_id, "subject_id": subject_id}
        await self._sign(uow, form, data, signer, own)

    async def _sign(
        self, uow: UnitOfWork, form: Form, data: dict[str, Any], signer: Signer, own: dict[str, Any]
    ) -> None:
        chain_id = own["subject_id"] or own["customer_id"]
        seq, previous = await _last(uow, chain_id)
        version = version_of(form)
        body = SignedBody(
            chain=str(chain_id),
            seq=seq + 1,
            previous=previous,
            form=form.id,
            version=version,
            submission=str(own["submission_id"]),
            answers=data,
            text=shown_text(form_view(form, data, (), uow.scope.locale, uow.today.isoformat())),
            signer=signer.name,
            role=signer.role,
            signed_at=moment(uow.now),
            ip=self._witness.ip,
            user_agent=self._witness.user_agent[:MAX_AGENT],
        )
        more = {**own, "version": version, "withdraws": None, "reason": ""}
        seal_id = await _add(uow, chain_id, body, signer, more)
        uow.audit("consent.sign", "consent", seal_id, {"form": form.id, "seal": seal_of(canonical(body))})


async def _last(uow: UnitOfWork, chain_id: UUID) -> tuple[int, str]:
    """Lock the chain until the end of the transaction and return its last number and seal."""
    await _lock(uow, chain_id)
    row = (
        await uow.session.execute(
            select(_S.c.seq, _S.c.seal)
            .where(_S.c.tenant_id == uow.tenant_id, _S.c.chain_id == chain_id)
            .order_by(_S.c.seq.desc())
            .limit(1)
        )
    ).first()
    return (row.seq, row.seal) if row is not None else (0, GENESIS)


async def _lock(uow: UnitOfWork, chain_id: UUID) -> None:
    place = func.hashtextextended(f"{uow.tenant_id}:consent:{chain_id}", 0)
    await uow.session.execute(select(func.pg_advisory_xact_lock(place)))


async def _add(
    uow: UnitOfWork, chain_id: UUID, body: SignedBody | WithdrawnBody, signer: Signer, own: dict[str, Any]
) -> UUID:
    seal_id, spelled = new_id(), canonical(body)
    await uow.session.execute(
        insert(_S).values(
            tenant_id=uow.tenant_id,
            seal_id=seal_id,
            chain_id=chain_id,
            seq=body.seq,
            kind="signed" if isinstance(body, SignedBody) else "withdrawn",
            form_id=body.form,
            signer=signer.name,
            role=signer.role,
            signed_at=uow.now,
            actor_kind=uow.actor.kind,
            actor_name=uow.actor.name,
            body=spelled,
            prev=body.previous,
            seal=seal_of(spelled),
            **own,
        )
    )
    return seal_id


async def withdraw_consent(
    uow: UnitOfWork, *, seal_id: UUID, reason: str = "", witness: Witness | None = None
) -> ConsentFacts:
    """Take a consent back, as staff or as the customer; a new link says so, and the gate closes. No undo.

    Raises:
        NotFound: no such consent.
        ConsentWithdrawn: somebody did it before.
    """
    consent = await get_consent(uow, seal_id)
    seq, previous = await _last(uow, consent.chain_id)
    # Asked again behind the lock: two clicks at once are one withdrawal.
    consent = await get_consent(uow, seal_id)
    if not consent.counts:
        raise ConsentWithdrawn
    seen = witness or Witness()
    by = Signer(uow.actor.name or consent.signer, "self" if uow.actor.kind == "staff" else consent.role)  # type: ignore[arg-type] # the column's CHECK keeps it to the three roles
    words = reason.strip()[:MAX_REASON]
    body = WithdrawnBody(
        chain=str(consent.chain_id),
        seq=seq + 1,
        previous=previous,
        form=consent.form_id,
        submission=str(consent.submission_id),
        of=consent.seal,
        reason=words,
        by=by.name,
        signed_at=moment(uow.now),
        ip=seen.ip,
        user_agent=seen.user_agent[:MAX_AGENT],
    )
    own = {
        "customer_id": consent.customer_id,
        "subject_id": consent.subject_id,
        "submission_id": consent.submission_id,
        "version": consent.version,
        "withdraws": seal_id,
        "reason": words,
    }
    await _add(uow, consent.chain_id, body, by, own)
    form = await find_form(uow, consent.form_id)
    customer_id = await find_present_customer(uow, consent.customer_id)
    await record_event(
        uow,
        customer_id=customer_id,
        kind="consent_withdrawn",
        data={"form": consent.form_id, "title": form.title if form else "", "reason": words},
        subject_id=consent.present_subject_id,
        ref_id=consent.submission_id,
    )
    uow.audit("consent.withdraw", "consent", seal_id, {"form": consent.form_id, "reason": words})
    uow.publish("consents", {"customer_id": str(customer_id), "seal_id": str(seal_id)})
    return await get_consent(uow, seal_id)


async def require_consent(
    uow: UnitOfWork,
    *,
    form_id: str,
    customer_id: UUID | None = None,
    subject_id: UUID | None = None,
    since: datetime | None = None,
) -> ConsentFacts:
    """Return the consent that allows what is to begin; it cannot be withdrawn until this transaction ends.

    Raises:
        ConsentMissing: nobody signed it (since then), or it was withdrawn; `form` is its title.
    """
    find = partial(find_consent, uow, form_id=form_id, customer_id=customer_id, subject_id=subject_id, since=since)
    found = await find()
    if found is not None:
        # All chains of one who has several since a merge, in one order: a withdrawal waits at its own.
        for chain_id in await list_chains(uow, found.chain_id):
            await _lock(uow, chain_id)
        found = await find()
    if found is None:
        form = await find_form(uow, form_id)
        raise ConsentMissing(form=localized(form.title, uow.scope.locale) if form else form_id, form_id=form_id)
    return found
