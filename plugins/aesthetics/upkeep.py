"""Work by the clock, what is handed out and erased about a customer, and a sample patient for demo tenants."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, delete, select, update

from plugins.aesthetics.journey import warn_of_loss
from plugins.aesthetics.procedures import ask_outcomes
from plugins.aesthetics.settings import Settings
from plugins.aesthetics.tables import CONSULT, PHOTO, PLAN, PLAN_CASE, PROCEDURE, SOP_STEP
from plugins.api import (
    Effect,
    ErasureReceipt,
    ExportPart,
    ReactContext,
    Seed,
    SeedIntake,
    SeedRow,
    SeedSubject,
    Text,
    both,
    hookimpl,
)

Context = ReactContext[Settings]
_CONSULT_ID: Final = "5eed0000-0000-4000-8000-000000000101"
_PLAN_ID: Final = "5eed0000-0000-4000-8000-000000000102"
_PROCEDURE_ID: Final = "5eed0000-0000-4000-8000-000000000103"


@hookimpl
async def run_job(ctx: Context, job: str) -> tuple[Effect, ...]:
    """Send outcome forms and tell what is late, or tell the worst stage; right afterwards there is nothing more."""
    return await ask_outcomes(ctx) if job == "followups" else await warn_of_loss(ctx)


async def _rows(ctx: Context, table: Table, where: Any, names: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    found = await ctx.session.execute(
        select(*(table.c[name] for name in names)).where(table.c.tenant_id == ctx.tenant_id, where)
    )
    return tuple(
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in zip(names, row, strict=True)
        }
        for row in found
    )


def _consults_of(ctx: Context, customer_id: UUID) -> Any:
    return select(CONSULT.c.consult_id).where(
        CONSULT.c.tenant_id == ctx.tenant_id, CONSULT.c.customer_id == customer_id
    )


def _procedures_of(ctx: Context, customer_id: UUID) -> Any:
    return select(PROCEDURE.c.procedure_id).where(
        PROCEDURE.c.tenant_id == ctx.tenant_id, PROCEDURE.c.customer_id == customer_id
    )


@hookimpl
async def export_customer(ctx: Context, customer_id: UUID) -> tuple[ExportPart, ...]:
    """Consults, plans, procedures with their follow-up and checklist, consent to pictures; parts without rows are left out."""
    consults, treated = _consults_of(ctx, customer_id), _procedures_of(ctx, customer_id)
    wanted: tuple[tuple[Text, Table, Any, tuple[str, ...]], ...] = (
        (both("咨询", "Consults"), CONSULT, CONSULT.c.customer_id == customer_id, ("project", "wish", "vip", "custom_words", "asked_at", "answered_at", "state")),
        (both("方案", "Plans"), PLAN, PLAN.c.consult_id.in_(consults), ("title", "body", "fen", "state", "sent_at")),
        (both("治疗与回访", "Procedures and follow-up"), PROCEDURE, PROCEDURE.c.customer_id == customer_id, ("name", "ended_at", "risks_told", "consent_signed", "followed_at", "outcome", "signs", "note")),
        (both("并发症处理", "Complication checklist"), SOP_STEP, SOP_STEP.c.procedure_id.in_(treated), ("step", "done_at", "done_name")),
        (both("照片使用同意", "Consent to pictures"), PHOTO, PHOTO.c.customer_id == customer_id, ("comparison", "paper", "signed_at", "withdrawn_at")),
        (both("作为对比案例的照片", "Pictures used as a case"), PLAN_CASE, PLAN_CASE.c.shown_customer_id == customer_id, ("kind", "picture")),
    )  # fmt: skip
    parts = [
        ExportPart(title=title, rows=await _rows(ctx, table, where, names)) for title, table, where, names in wanted
    ]
    return tuple(part for part in parts if part.rows)


@hookimpl
async def erase_customer(ctx: Context, customer_id: UUID) -> ErasureReceipt:
    """Erase everything, also their pictures in plans of others; asked again it finds nothing."""
    erased: dict[str, int] = {}
    pictures = await ctx.session.execute(
        update(PLAN_CASE)
        .where(PLAN_CASE.c.tenant_id == ctx.tenant_id, PLAN_CASE.c.shown_customer_id == customer_id)
        .values(picture=None, shown_customer_id=None)
        .returning(PLAN_CASE.c.case_id)
    )
    erased[PLAN_CASE.name] = len(pictures.all())
    # Plans, cases, points of contact and checklist steps go with their consult or procedure.
    for table in (CONSULT, PROCEDURE, PHOTO):
        mine = (table.c.tenant_id == ctx.tenant_id, table.c.customer_id == customer_id)
        gone = await ctx.session.execute(delete(table).where(*mine).returning(table.c.tenant_id))
        erased[table.name] = len(gone.all())
    return ErasureReceipt(erased={name: count for name, count in erased.items() if count})


def _row(table: str, **values: Any) -> SeedRow:
    return SeedRow(table=f"x_aesthetics_{table}", values=values)


def _sample_rows() -> tuple[SeedRow, ...]:
    cases = ("埋线法", "全切法", "三点微创法")
    return (
        _row(
            "consult",
            consult_id=_CONSULT_ID,
            customer_id="$customer",
            project="双眼皮",
            wish="想要自然一点，担心恢复期",
            vip=True,
            custom=False,
            custom_words="",
            asked_at="$now-2d",
            due_at="$now-2d",
            answered_at="$now-2d",
            answered_name="咨询师",
            state="open",
        ),
        _row(
            "plan",
            plan_id=_PLAN_ID,
            consult_id=_CONSULT_ID,
            title="双眼皮方案",
            body="先由医生评估皮肤松弛度，再确定术式。",
            fen=680_000,
            state="draft",
            made_at="$now-1d",
            made_name="咨询师",
        ),
        *(
            _row(
                "plan_case",
                case_id=f"5eed0000-0000-4000-8000-00000000011{place}",
                plan_id=_PLAN_ID,
                kind=kind,
                words="说明适合人群、恢复期和可能的风险。",
            )
            for place, kind in enumerate(cases)
        ),
        *(_row("touch", consult_id=_CONSULT_ID, code=code, at="$now-1d") for code in ("t01", "t02", "t03", "t05", "t06")),
        _row(
            "procedure",
            procedure_id=_PROCEDURE_ID,
            customer_id="$customer",
            name="光子嫩肤",
            ended_at="$now-50h",
            due_at="$now-2h",
            risks_told=True,
            consent_signed=True,
            minor=False,
            signs="",
            note="",
        ),
    )  # fmt: skip


@hookimpl
def demo_data() -> tuple[Seed, ...]:
    """A patient with a consult that waits, a plan with three cases, and a procedure to be followed up."""
    answers = {
        "patient_name": "林小雨",
        "owner_name": "林小雨",
        "owner_phone": "13905460002",
        "areas": ["eyes"],
        "wish": "想要自然一点，担心恢复期",
        "contact_by": "phone",
    }
    return (
        Seed(
            id="patient",
            full_name="林小雨",
            phone="13905460002",
            subjects=(SeedSubject(kind="patient", name="林小雨", data={"sex": "female", "keloid": True}),),
            intakes=(SeedIntake(form="consult", answers=answers, days_ago=2),),
            rows=_sample_rows(),
        ),
    )
