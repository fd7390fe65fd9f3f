"""The three layers of the clinic's customers, each with the plan it is offered."""

from plugins.api import (
    All,
    AnyOf,
    Cmp,
    DeclareContext,
    Has,
    Not,
    Relative,
    Segment,
    Tree,
    both,
    hookimpl,
)
from plugins.petclinic.settings import Settings

# The layers and their plans (facts intake.segments_pet); where numbers are left open, a setting has a default of ours.
SOURCE = "2025东营宠物诊所客户服务策略 §3.1.1"
HAS_PET = Has(field="pet")
# 进阶层客户(养宠1-3年、关注健康管理)
YEARS_FROM, YEARS_TO = 1, 3


def _premium(settings: Settings) -> Tree:
    """多宠家庭、追求品质服务: several pets, or quality first in words or in deeds."""
    return AnyOf(
        of=(
            Has(field="pet", at_least=settings.premium_pets),
            Cmp(field="own.spending", op="eq", value="quality"),
            Cmp(field="spent_365d", op="gte", value=settings.premium_spent_yuan * 100),
        )
    )


@hookimpl
def segments(ctx: DeclareContext[Settings]) -> tuple[Segment, ...]:
    """基础层、进阶层、高端层: whoever is in a higher layer is in no lower one."""
    settings = ctx.settings
    premium = _premium(settings)
    # 养宠1-3年
    kept = All(
        of=(
            Relative(field="pets_since", when="within_last", amount=YEARS_TO, unit="years"),
            Relative(field="pets_since", when="before_last", amount=YEARS_FROM, unit="years"),
        )
    )
    first = AnyOf(
        of=(
            All(
                of=(
                    Not(of=Has(field="pet", at_least=2)),
                    Relative(field="pets_since", when="within_last", amount=YEARS_FROM, unit="years"),
                )
            ),
            Cmp(field="own.spending", op="eq", value="budget"),
            All(
                of=(
                    Relative(field="pets_since", when="before_last", amount=YEARS_TO, unit="years"),
                    Cmp(field="spent_365d", op="lt", value=settings.budget_spent_yuan * 100),
                )
            ),
        )
    )
    return (
        Segment(
            id="basic",
            label=both("基础层客户", "Basic layer"),
            about=both("首次养宠、预算有限", "First pet, limited budget"),
            tree=All(of=(HAS_PET, Not(of=premium), first)),
            plan=both("基础健康套餐（疫苗+驱虫+基础体检）", "Basic package: vaccination, deworming, basic check-up"),
            source=SOURCE,
        ),
        Segment(
            id="advanced",
            label=both("进阶层客户", "Advanced layer"),
            about=both("养宠1-3年、关注健康管理", "Pets for one to three years, minds their health"),
            tree=All(of=(HAS_PET, Not(of=premium), kept, Not(of=Cmp(field="own.spending", op="eq", value="budget")))),
            plan=both(
                "年度健康计划（季度体检+疫苗提醒+行为训练指导）",
                "Yearly plan: quarterly check-up, vaccination reminders, training",
            ),
            source=SOURCE,
        ),
        Segment(
            id="premium",
            label=both("高端层客户", "Premium layer"),
            about=both("多宠家庭、追求品质服务", "Several pets, wants quality"),
            tree=All(of=(HAS_PET, premium)),
            plan=both(
                "专属医生对接、上门护理、异宠诊疗绿色通道",
                "Concierge: named doctor, care at home, green lane for exotic pets",
            ),
            source=SOURCE,
        ),
    )
