"""Papers of the demo clinics: consents that count and one that was withdrawn, a check before surgery, photos and files."""

import io
from datetime import timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from PIL import Image, ImageDraw

from core.consents.actions import Sealing, withdraw_consent
from core.consents.queries import find_consent_of_submission, list_consents
from core.consents.rules import Witness
from core.customers.queries import CustomerRecord, SubjectRecord, get_customer, list_customers
from core.files.actions import prepare_aside, store_file
from core.forms.actions import record_intake
from core.forms.attaching import hold_file, record_of
from core.forms.queries import get_form
from core.hooks.records.forms import BoolField, FileField
from core.scope import Actor
from core.uow import UnitOfWork
from tenants.work import Workplace

CONSENT: Final = "petclinic.surgery_consent"
PREOP: Final = "petclinic.preop"
INTAKE: Final = "petclinic.intake"
WITNESS: Final = Witness(ip="192.0.2.10", user_agent="Mozilla/5.0 (iPhone) MicroMessenger")


class Clock(Protocol):
    """The seed's clock: what happened earlier is written down as of then."""

    back: timedelta


async def seed_papers(workplace: Workplace, clock: Clock, tenant_id: UUID, director: Actor) -> None:
    """Write the papers once; a tenant that has a consent keeps what it has."""
    async with workplace.unit(tenant_id, actor=director) as uow:
        rows = await list_customers(uow, limit=6)
        owners = [await get_customer(uow, row.customer_id) for row in rows]
        pets = [(owner, owner.subjects[0]) for owner in owners if owner.subjects]
        if await list_consents(uow, limit=1) or len(pets) < 3:
            return
        clock.back = timedelta(days=2)
    try:
        async with workplace.unit(tenant_id, actor=director) as uow:
            await _check(uow, *pets[0])
            await _sign(uow, *pets[0], "绝育术")
            withdrawn = await _sign(uow, *pets[1], "超声波洁牙")
            await _photos(uow, *pets[2])
            await _report(uow, pets[0][0])
        clock.back = timedelta(days=1)
        async with workplace.unit(tenant_id, actor=director) as uow:
            await withdraw_consent(uow, seal_id=withdrawn, reason="想先保守治疗，再观察两周", witness=WITNESS)
    finally:
        clock.back = timedelta(0)


async def _sign(uow: UnitOfWork, owner: CustomerRecord, pet: SubjectRecord, operation: str) -> UUID:
    form = await get_form(uow, CONSENT)
    risks = {field.key: True for field in form.fields if isinstance(field, BoolField)}
    answers: dict[str, Any] = risks | {
        "pet_name": pet.name,
        "species": pet.species or "dog",
        "operation": operation,
        "rescue": "call",
        "emergency_phone": "13800010001",
        "owner_name": owner.full_name,
        "owner_phone": "13800010001",
        "signer_role": "owner",
        "signer_name": owner.full_name,
        "signature": {"name": owner.full_name},
    }
    filled = await record_intake(
        uow,
        form_id=CONSENT,
        answers=answers,
        once_key=f"demo-consent:{pet.subject_id}",
        subject_id=pet.subject_id,
        seal=Sealing(WITNESS),
    )
    found = await find_consent_of_submission(uow, filled.submission_id)
    assert found is not None
    return found.seal_id


async def _check(uow: UnitOfWork, owner: CustomerRecord, pet: SubjectRecord) -> None:
    del owner
    answers: dict[str, Any] = {
        "pet_name": pet.name,
        "species": pet.species or "dog",
        "age_years": 9,
        "weight_kg": 12.4,
        "temperature": 38.6,
        "heart_rate": 96,
        "fasting_hours": 10,
        "blood_count": "normal",
        "blood_pressure": 152,
        "ecg": "abnormal",
        "ecg_finding": "偶发室性早搏",
        "asa": "3",
        "fit": "yes",
        "signature": {"name": "周医生"},
    }
    await record_intake(
        uow, form_id=PREOP, answers=answers, once_key=f"demo-preop:{pet.subject_id}", subject_id=pet.subject_id
    )


async def _photos(uow: UnitOfWork, owner: CustomerRecord, pet: SubjectRecord) -> None:
    form = await get_form(uow, INTAKE)
    field = next(field for field in form.fields if isinstance(field, FileField))
    photos = []
    for number, colour in enumerate(((196, 120, 96), (150, 96, 84))):
        ready = await prepare_aside(_picture(colour, number), filename=f"伤口 {number + 1}.jpg")
        held = await hold_file(uow, ready, field, link_id=None)
        photos.append(record_of(held.file, held.token))
    answers: dict[str, Any] = {
        "species": pet.species or "dog",
        "pet_name": pet.name,
        "chief_complaint": "右前爪趾间红肿，一直舔",
        "owner_name": owner.full_name,
        "owner_phone": "13800010003",
        "photos": photos,
        "signature": {"name": owner.full_name},
    }
    await record_intake(
        uow,
        form_id=INTAKE,
        answers=answers,
        once_key=f"demo-photos:{pet.subject_id}",
        subject_id=pet.subject_id,
    )


async def _report(uow: UnitOfWork, owner: CustomerRecord) -> None:
    await store_file(
        uow,
        content=_picture((88, 128, 152), 3),
        filename="胸片.jpg",
        purpose="customer",
        owner_kind="customer",
        owner_id=owner.customer_id,
    )


def _picture(colour: tuple[int, int, int], seed: int) -> bytes:
    """A plain picture that looks like a close photo."""
    image = Image.new("RGB", (640, 480), colour)
    pen = ImageDraw.Draw(image)
    for ring in range(6):
        shade = tuple(max(0, part - 12 * ring) for part in colour)
        inset = 40 + ring * 30
        pen.ellipse((inset + seed * 20, inset, 600 - inset + seed * 20, 440 - inset // 2), fill=shade)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()
