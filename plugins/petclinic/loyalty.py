"""Members of the clinic: normal, silver from 500 yuan, gold from 2,000 yuan of lifetime spend."""

from plugins.api import (
    DeclareContext,
    FreeService,
    NamedClinician,
    PercentDiscount,
    Program,
    Tier,
    TierLadder,
    both,
    hookimpl,
)
from plugins.petclinic.settings import Settings

SOURCE = "2025东营宠物诊所客户服务策略 §3.4.1"


@hookimpl
def loyalty_programs(ctx: DeclareContext[Settings]) -> tuple[Program, ...]:
    """普通会员—银卡会员—金卡会员."""
    checkup = FreeService(
        service="checkup",
        label=both("免费体检", "Free check-up"),
        quota=ctx.settings.gold_checkups_per_year,
        period="year",
        holder="subject",
    )
    tiers = (
        Tier(code="normal", label=both("普通会员", "Member"), min_fen=0),
        # §3.4.1: 银卡会员(累计消费500元)享9折优惠
        Tier(
            code="silver",
            label=both("银卡会员", "Silver member"),
            min_fen=500_00,
            benefits=(PercentDiscount(pay_percent=90),),
        ),
        # §3.4.1: 金卡会员(累计消费2000元)享8折优惠+免费体检，升级“专属医生”服务
        Tier(
            code="gold",
            label=both("金卡会员", "Gold member"),
            min_fen=2000_00,
            benefits=(
                PercentDiscount(pay_percent=80),
                checkup,
                NamedClinician(label=both("专属医生", "Named doctor")),
            ),
        ),
    )
    title = both("宠物诊所会员", "Clinic membership")
    return (
        Program(
            id="members",
            label=title,
            rules=(TierLadder(id="tiers", label=title, source=SOURCE, tiers=tiers),),
            source=SOURCE,
        ),
    )
