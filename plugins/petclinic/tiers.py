"""The three tiers of the clinic: normal, silver from 500 yuan, gold from 2,000 yuan of lifetime spend."""

from plugins.api import FreeService, NamedClinician, PercentDiscount, Tier, both
from plugins.petclinic.loyalty_settings import LoyaltySettings


def tiers(settings: LoyaltySettings) -> tuple[Tier, ...]:
    """普通会员—银卡会员—金卡会员, 2025东营宠物诊所客户服务策略 §3.4.1."""
    checkup = FreeService(
        service=settings.item_checkup,
        label=both("免费体检", "Free check-up"),
        quota=settings.gold_checkups_per_year,
        period="year",
        holder=settings.gold_checkups_for,
    )
    out = settings.discount_excludes
    return (
        Tier(code="normal", label=both("普通会员", "Member"), min_fen=0),
        # §3.4.1: 银卡会员(累计消费500元)享9折优惠
        Tier(
            code="silver",
            label=both("银卡会员", "Silver member"),
            min_fen=500_00,
            benefits=(PercentDiscount(pay_percent=90, exclude_categories=out),),
        ),
        # §3.4.1: 金卡会员(累计消费2000元)享8折优惠+免费体检，升级“专属医生”服务
        Tier(
            code="gold",
            label=both("金卡会员", "Gold member"),
            min_fen=2000_00,
            benefits=(
                PercentDiscount(pay_percent=80, exclude_categories=out),
                checkup,
                NamedClinician(label=both("专属医生", "Named doctor")),
            ),
        ),
    )
