"""What tests of coupons and benefits start from: a program of their own in force, and customers with pets."""

from uuid import UUID

import msgspec
from sqlalchemy import insert

from core.customers.actions import add_customer
from core.customers.queries import get_customer
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.db import table_of
from core.hooks.records.loyalty.offers import CouponTemplate, ServiceQuota
from core.hooks.records.loyalty.parts import FreeService, NamedClinician, PercentDiscount
from core.hooks.records.loyalty.points import LedgerPolicy, Redeem, Tier, TierLadder
from core.hooks.records.loyalty.program import AnyRule, Program
from core.programs.models import ProgramVersion
from core.programs.queries import get_declared, get_version_number
from core.programs.rules.digests import digest
from core.tenancy.actions import raise_plugin_epoch
from tenants.plugin_settings import enable_plugin
from tests.workplaces import TestTenant

LADDER = TierLadder(
    id="tiers",
    label={"zh-CN": "会员等级", "en": "Tiers"},
    tiers=(
        Tier(code="normal", label={"zh-CN": "普通会员", "en": "Member"}),
        Tier(
            code="silver",
            label={"zh-CN": "银卡会员", "en": "Silver member"},
            min_fen=500_00,
            benefits=(PercentDiscount(pay_percent=90), FreeService(service="E01", quota=1, pay_percent=50)),
        ),
        Tier(
            code="gold",
            label={"zh-CN": "金卡会员", "en": "Gold member"},
            min_fen=2000_00,
            benefits=(
                PercentDiscount(pay_percent=80),
                FreeService(service="E01", label={"zh-CN": "免费体检", "en": "Free check-up"}, quota=2),
                NamedClinician(label={"zh-CN": "专属医生", "en": "Named doctor"}),
            ),
        ),
    ),
)
FIFTY = CouponTemplate(id="fifty", label={"zh-CN": "五十元券", "en": "50 yuan"}, amount_fen=50_00, valid_days=30)
REDEEM = Redeem(id="redeem", label={"zh-CN": "积分抵现", "en": "Points pay"}, fen_per_point=1, step=100)
NO_POLICY = LedgerPolicy()
ANNUAL = ServiceQuota(
    id="annual", label={"zh-CN": "年度体检八折", "en": "Annual check-up"}, service="C01", pay_percent=80
)


async def put_program(tenant: TestTenant, *rules: AnyRule, ledger: LedgerPolicy = NO_POLICY) -> Program:
    """Put these rules in force from now on, as a version of the clinic's program."""
    async with tenant.unit() as uow:
        if await get_declared(uow) is None:
            await enable_plugin(uow, host=tenant.workplace.host, plugin_id="petclinic")
    async with tenant.unit() as uow:
        declared = await get_declared(uow)
        assert declared is not None
        program = Program(id=declared.id, rules=rules, ledger=ledger)
        made = {
            "tenant_id": uow.tenant_id,
            "program_id": declared.id,
            "number": await get_version_number(uow) + 1,
            "body": msgspec.to_builtins(program),
            "digest": digest(program),
            "effective_from": uow.now,
            "base_number": 0,
            "plugin_digest": "",
            "plugin_body": {},
            "note": "",
            "effect": {},
            "effect_digest": "",
            "author_name": "",
            "approver_name": "",
            "published_at": uow.now,
            "withdrawn_by_name": "",
        }
        await uow.session.execute(insert(table_of(ProgramVersion)).values(made))
        await raise_plugin_epoch(uow)
    return program


async def make_customer(tenant: TestTenant, name: str = "王小美", *pets: str) -> tuple[UUID, list[UUID]]:
    """A customer with dogs of these names; the ids of both."""
    dogs = tuple(SubjectDraft(name=one, kind="petclinic.pet", species="dog") for one in pets)
    async with tenant.unit() as uow:
        customer_id = await add_customer(uow, draft=CustomerDraft(full_name=name, subjects=dogs), allow_duplicate=True)
        record = await get_customer(uow, customer_id)
        return customer_id, [one.subject_id for one in record.subjects]
