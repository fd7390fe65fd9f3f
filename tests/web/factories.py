"""What the attack tests fill addresses with: a row of tenant B for every id, and a body that would be fine for every form.

A new path parameter that names a row needs a line in FACTORIES; a new POST route that needs more than its token, one in BODIES.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.consents.models import ConsentSeal
from core.contacts.actions import add_contact
from core.customers.actions import add_customer, add_note, add_subject, join_household
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import new_id
from core.files.actions import store_made
from core.forms.actions import create_link
from core.forms.models import FormDefinition, Submission
from core.hooks.records.conditions import Cmp
from core.imports.actions import upload_file
from core.loyalty.actions import record_purchase
from core.merges.merging import merge_customers
from core.outbox.claims import bury_work, claim_work
from core.profiles.actions import add_tag
from core.segments.actions import add_segment
from core.segments.rules import SegmentDraft
from core.surveys.actions import CampaignPlan, plan_campaign
from core.surveys.asking import draw_month
from core.surveys.queries import list_survey_forms
from core.surveys.queue import list_interviews
from tenants.api_keys import create_key
from tenants.duty import plan_shift
from tenants.survey_segments import SEGMENTS
from tests.web.factories_casework import CASEWORK_BODIES, CASEWORK_FACTORIES
from tests.web.factories_evidence import EVIDENCE_BODIES, EVIDENCE_FACTORIES
from tests.web.factories_foresight import FORESIGHT_FACTORIES, FORESIGHT_WORDS
from tests.web.factories_loyalty import LOYALTY_BODIES, LOYALTY_FACTORIES, LOYALTY_WORDS
from tests.web.factories_policies import RULES_BODIES
from tests.web.factories_remedies import REMEDY_BODIES, REMEDY_FACTORIES, REMEDY_WORDS
from tests.web.factories_reports import REPORT_BODIES, REPORT_FACTORIES
from tests.web.factories_rights import make_export, make_receipt, make_request
from tests.web.factories_rosters import ROSTER_BODIES, ROSTER_FACTORIES
from tests.web.factories_tasks import TASK_BODIES, TASK_FACTORIES
from tests.web.factories_thanks import make_claim, make_gift, make_referral
from tests.web.factories_visits import (
    make_bill_line,
    make_billed_visit,
    make_edition,
    make_estimate,
    make_procedure,
)
from tests.web.factories_webhooks import WEBHOOK_BODIES, WEBHOOK_FACTORIES
from tests.workplaces import PASSWORD, TestTenant

Factory = Callable[[TestTenant], Awaitable[object]]

INTAKE = "petclinic.intake"
WORDS: Final[dict[str, str]] = {
    "slug": "nobody-has-this",
    "code": "zzzzzznobodyhasthis",
    "file": "no-such-file.js",
    "plugin": "petclinic",
    "milestone": "on_site",
    "level": "L1",
    "calendar": "workdays",
    "form_id": "petclinic.intake",
    "revision": "1",
    "deed": "add",
    "entity": "customer",
    "key": "x_nobody_has_this",
    "rest": "no/such/page",
    **LOYALTY_WORDS,
    **FORESIGHT_WORDS,
    **REMEDY_WORDS,
}
"""Parameters that name no row of a tenant, with a sample."""


async def _staff(tenant: TestTenant) -> object:
    return tenant.staff["doctor"].id


async def _shift(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        staff_id = tenant.staff["doctor"].id
        assert staff_id is not None
        return await plan_shift(
            uow,
            staff_id=staff_id,
            role="doctor",
            branch_id=None,
            starts_at=uow.now,
            ends_at=uow.now + timedelta(hours=8),
        )


async def _customer(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        return await add_customer(
            uow, draft=CustomerDraft(full_name="王小明", phones=("13800138000",)), allow_duplicate=True
        )


async def _purchase(tenant: TestTenant) -> object:
    customer_id = await _customer(tenant)
    assert isinstance(customer_id, UUID)
    async with tenant.unit() as uow:
        return (await record_purchase(uow, customer_id=customer_id, fen=100_00, key=new_id().hex)).purchase_id


async def _batch(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        return await upload_file(uow, filename="x.csv", content="姓名,手机\n王小明,13800138000\n".encode())


async def _link(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        return (await create_link(uow, form_id=INTAKE)).link_id


async def _submission(tenant: TestTenant) -> object:
    """A row as the form's action writes it; the attack is about its id, not about its answers."""
    async with tenant.unit() as uow:
        mine = {"tenant_id": uow.tenant_id, "form_id": INTAKE, "version": "of-a-test"}
        await uow.session.execute(
            upsert(FormDefinition).values(**mine, definition={}, created_at=uow.now).on_conflict_do_nothing()
        )
        submission_id = new_id()
        await uow.session.execute(
            insert(Submission).values(
                **mine,
                submission_id=submission_id,
                purpose="intake",
                channel="online",
                status="complete",
                data={},
                answered=0,
                total=0,
                flags=[],
                notices=[],
                once_key=submission_id.hex,
                actor_kind="customer",
                actor_name="",
                completed_at=uow.now,
            )
        )
        return submission_id


async def _file(tenant: TestTenant) -> object:
    customer_id = await _customer(tenant)
    assert isinstance(customer_id, UUID)
    async with tenant.unit() as uow:
        made = await store_made(
            uow,
            content=b"%PDF-1.7",
            filename="report.pdf",
            media_type="application/pdf",
            purpose="customer",
            owner_kind="customer",
            owner_id=customer_id,
        )
        return made.file_id


async def _seal(tenant: TestTenant) -> object:
    submission_id, customer_id = await _submission(tenant), await _customer(tenant)
    async with tenant.unit() as uow:
        await uow.session.execute(
            insert(ConsentSeal).values(
                tenant_id=uow.tenant_id,
                seal_id=(seal_id := new_id()),
                chain_id=customer_id,
                seq=1,
                kind="signed",
                submission_id=submission_id,
                form_id=INTAKE,
                version="of-a-test",
                customer_id=customer_id,
                signer="王小明",
                role="self",
                signed_at=uow.now,
                reason="",
                actor_kind="customer",
                actor_name="",
                body="{}",
                prev="0",
                seal="1",
            )
        )
        return seal_id


async def _subject(tenant: TestTenant) -> object:
    customer_id = await _customer(tenant)
    assert isinstance(customer_id, UUID)
    async with tenant.unit() as uow:
        return await add_subject(uow, customer_id=customer_id, draft=SubjectDraft(name="年糕", kind="petclinic.pet"))


async def _complaint(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        filing = Filing(text="手术中宠物死亡，要求说法", contact_name="周文博", contact_phone="13878106871")
        return (await file_complaint(uow, filing=filing)).complaint_id


async def _key(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        return (await create_key(uow, name="收银台", scopes=["forms.read"])).key_id


async def _job(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        outbox_id = await uow.enqueue("imports.run", {})
        assert outbox_id is not None
        await claim_work(uow, outbox_ids=[outbox_id], lease_until=uow.now)
        await bury_work(uow, outbox_ids=[outbox_id], error="ValueError")
        return outbox_id


async def _merge(tenant: TestTenant) -> object:
    ids = [await _customer(tenant), await _customer(tenant)]
    winner_id, loser_id = (one for one in ids if isinstance(one, UUID))
    async with tenant.unit() as uow:
        return await merge_customers(uow, winner_id=winner_id, loser_id=loser_id)


async def _campaign(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        today = uow.today
        form = (await list_survey_forms(uow))[0]
        plan = CampaignPlan(title="Q", form_id=form.id, channel="wechat", first_day=today, last_day=today)
        return await plan_campaign(uow, plan=plan, segments=SEGMENTS)


async def _interview(tenant: TestTenant) -> object:
    await _customer(tenant)
    async with tenant.unit() as uow:
        await draw_month(uow)
        return (await list_interviews(uow))[0].interview_id


async def _tag(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        return await add_tag(uow, name=f"熟客{new_id().int % 10**8}")


async def _contact(tenant: TestTenant) -> object:
    customer_id = await _customer(tenant)
    assert isinstance(customer_id, UUID)
    async with tenant.unit() as uow:
        return await add_contact(uow, customer_id=customer_id, kind="email", value="theirs@example.cn")


async def _note(tenant: TestTenant) -> object:
    customer_id = await _customer(tenant)
    assert isinstance(customer_id, UUID)
    async with tenant.unit() as uow:
        return await add_note(uow, customer_id=customer_id, body="别人的备注")


async def _household(tenant: TestTenant) -> object:
    one, other = await _customer(tenant), await _customer(tenant)
    assert isinstance(one, UUID)
    assert isinstance(other, UUID)
    async with tenant.unit() as uow:
        return await join_household(uow, customer_id=one, other_id=other)


async def _segment(tenant: TestTenant) -> object:
    async with tenant.unit() as uow:
        return await add_segment(
            uow, draft=SegmentDraft(name_zh="大客户", tree=Cmp(field="spent_all", op="gte", value=1))
        )


FACTORIES: Final[dict[str, Factory]] = {
    "export_id": make_export,
    "tag_id": _tag,
    "contact_id": _contact,
    "note_id": _note,
    "household_id": _household,
    "request_id": make_request,
    "receipt_id": make_receipt,
    "staff_id": _staff,
    "shift_id": _shift,
    **ROSTER_FACTORIES,
    **WEBHOOK_FACTORIES,
    "customer_id": _customer,
    "other_id": _customer,
    "merge_id": _merge,
    "segment": _segment,
    "subject_id": _subject,
    "purchase_id": _purchase,
    "batch_id": _batch,
    "link_id": _link,
    "submission_id": _submission,
    "complaint_id": _complaint,
    "campaign_id": _campaign,
    "interview_id": _interview,
    "file_id": _file,
    "seal_id": _seal,
    "job": _job,
    "key_id": _key,
    "visit_id": make_billed_visit,
    "line_id": make_bill_line,
    "procedure_id": make_procedure,
    "estimate_id": make_estimate,
    "version_id": make_edition,
    "referral_id": make_referral,
    "claim_id": make_claim,
    "gift_id": make_gift,
    # Loyalty has factories in a module of its own: add yours there.
    **LOYALTY_FACTORIES,
    **FORESIGHT_FACTORIES,
    **CASEWORK_FACTORIES,
    **REMEDY_FACTORIES,
    **TASK_FACTORIES,
    **REPORT_FACTORIES,
    **EVIDENCE_FACTORIES,
}

BODIES: Final[dict[str, Mapping[str, object]]] = {
    **RULES_BODIES,
    **EVIDENCE_BODIES,
    **ROSTER_BODIES,
    **WEBHOOK_BODIES,
    **CASEWORK_BODIES,
    "POST /t/{slug:str}/api-keys": {"name": "收银台", "scopes": "forms.read"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/tags": {"name": "friend"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/contacts": {"kind": "email", "value": "a@example.cn"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/consents": {"purpose": "survey", "decision": "granted"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/household": {"who": "13800138000"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/notes/{note_id:uuid}": {"body": "called again"},
    "POST /t/{slug:str}/customers/tags/{tag_id:uuid}": {"name": "friend", "colour": "red"},
    "POST /t/{slug:str}/customers/fields/{entity:str}/{key:str}": {"label_en": "Mine"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/requests": {"kind": "correction", "text": "wrong"},
    "POST /t/{slug:str}/privacy/{request_id:uuid}/end": {"state": "refused", "answer": "no"},
    "POST /t/{slug:str}/privacy/{request_id:uuid}/erase": {"confirm": "erase"},
    "POST /t/{slug:str}/staff/{staff_id:uuid}/roles": {"roles": "doctor"},
    "POST /t/{slug:str}/staff/{staff_id:uuid}/password": {"password": PASSWORD},
    "POST /t/{slug:str}/staff/{staff_id:uuid}/state": {"state": "left"},
    "POST /t/{slug:str}/jobs/{job:uuid}/discard": {"confirm": "discard"},
    "POST /t/{slug:str}/customers/exports": {"columns": "name", "kind": "csv"},
    "POST /t/{slug:str}/complaints/{complaint_id:uuid}/note": {"text": "called"},
    "POST /t/{slug:str}/complaints/{complaint_id:uuid}/merge": {"loser_id": "00000000-0000-7000-8000-000000000001"},
    "POST /t/{slug:str}/complaints/{complaint_id:uuid}/unmerge": {"reason": "two things"},
    "POST /t/{slug:str}/complaints/{complaint_id:uuid}/split": {"text": "another thing"},
    "POST /t/{slug:str}/complaints/{complaint_id:uuid}/level": {"severity": "L1", "reason": "seen again"},
    "POST /t/{slug:str}/consents/{seal_id:uuid}/withdraw": {"confirm": "withdraw"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/merge": {"with": "00000000-0000-7000-8000-000000000001"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/notes": {"body": "called"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}": {"full_name": "王小明", "version": "1"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/subjects": {"name": "年糕", "kind": "petclinic.pet"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/subjects/{subject_id:uuid}": {
        "name": "年糕",
        "kind": "petclinic.pet",
    },
    "POST /t/{slug:str}/visits/{visit_id:uuid}/cancel": {"note": "left"},
    "POST /t/{slug:str}/visits/{visit_id:uuid}/procedures": {"item": "S01"},
    "POST /t/{slug:str}/visits/{visit_id:uuid}/bill/lines": {"item": "C01"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/purchases": {"amount": "100", "key": "once"},
    **LOYALTY_BODIES,
    **REMEDY_BODIES,
    **TASK_BODIES,
    **REPORT_BODIES,
    "POST /t/{slug:str}/decide/referrals/{referral_id:uuid}/approve": {"reason": "seen"},
    "POST /t/{slug:str}/decide/referrals/{referral_id:uuid}/reject": {"reason": "seen"},
    "POST /t/{slug:str}/decide/referrals/{referral_id:uuid}/reverse": {"reason": "seen"},
    "POST /t/{slug:str}/decide/reviews/{claim_id:uuid}/approve": {"choice": "0", "reason": "seen"},
    "POST /t/{slug:str}/decide/reviews/{claim_id:uuid}/reject": {"why": "seen"},
    "POST /t/{slug:str}/birthdays/{gift_id:uuid}/hand-over": {"choice": "0"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/thanks/invited": {"code": "ACDEF"},
    "POST /t/{slug:str}/customers/{customer_id:uuid}/thanks/review": {"platform": "dianping"},
}
"""Forms that pass every check but the id's."""
