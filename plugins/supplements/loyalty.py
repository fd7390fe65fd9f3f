"""Members of the shop: three tiers with a nutritionist's hours, festivals and the check-up season, limits for making good."""

from plugins.api import (
    AnyOf,
    Between,
    Campaign,
    Cmp,
    CouponReward,
    CouponTemplate,
    DayWindow,
    DeclareContext,
    FestivalWindow,
    FreeService,
    GiftReward,
    Goodwill,
    Has,
    Perk,
    Program,
    RoleLimit,
    Tier,
    TierLadder,
    Tree,
    both,
    hookimpl,
)
from plugins.supplements.calcium import ELDER
from plugins.supplements.settings import Settings

GUIDE = "2025年钙片行业企业客户服务质量提升"
# 中老年用户: somebody of the household is 50 or older, or buys for later life (facts supp.care.festivals, audience)
ELDERS: Tree = Has(
    field="pet",
    where=AnyOf(
        of=(
            Between(field="pet.age", low=ELDER, high=120),
            Cmp(field="pet.calcium_purpose", op="eq", value="elder"),
        )
    ),
)


def _tiers(settings: Settings) -> tuple[Tier, ...]:
    """普通会员享“免费咨询”，银卡“每月1次营养师1对1指导”，金卡“年度骨密度检测优惠”; higher tiers keep the lower ones' (ours)."""
    consult = FreeService(
        service=settings.item_consultation,
        label=both("免费咨询", "Free consultation"),
        quota=None,
        period="year",
        holder="household",
    )
    nutritionist = FreeService(
        service=settings.item_nutritionist,
        label=both("营养师 1 对 1 指导", "A session with the nutritionist"),
        quota=1,
        period="month",
        holder="household",
        carry_over=settings.quota_carries_over,
    )
    density = FreeService(
        service=settings.item_bone_density,
        label=both("年度骨密度检测优惠", "Yearly bone density at a lower price"),
        quota=1,
        period="year",
        holder="household",
        pay_percent=settings.bone_density_percent,
    )
    return (
        Tier(code="normal", label=both("普通会员", "Member"), min_fen=0, benefits=(consult,)),
        Tier(
            code="silver",
            label=both("银卡会员", "Silver member"),
            min_fen=settings.silver_yuan * 100,
            benefits=(consult, nutritionist),
        ),
        Tier(
            code="gold",
            label=both("金卡会员", "Gold member"),
            min_fen=settings.gold_yuan * 100,
            benefits=(consult, nutritionist, density, Perk(code="lectures", label=both("补钙知识讲座优先报名", "Lectures first"))),
        ),
    )  # fmt: skip


_SEASONS = {"3-4": ("03-01", "04-30"), "5-6": ("05-01", "06-30"), "9-10": ("09-01", "10-31")}


def _campaigns(settings: Settings) -> tuple[Campaign, ...]:
    """在“重阳节”“春节”…向中老年用户推送…; 在“体检季”…“体检报告解读” (facts supp.care.festivals)."""
    source = f"{GUIDE} supp.care.festivals"
    return (
        Campaign(
            id="double_ninth",
            label=both("重阳节关怀", "Double Ninth"),
            source=source,
            when=ELDERS,
            windows=(FestivalWindow(festival="double_ninth", before_days=3),),
            rewards=(GiftReward(item="care_card", label=both("节日关怀卡", "Card for the festival"), valid_days=30),),
            per_customer_limit=1,
            message=both("重阳到，补钙也要保暖：给爸妈添件衣，按时吃钙片", "Double Ninth: calcium, and keep warm"),
        ),
        Campaign(
            id="spring_festival",
            label=both("春节关怀", "Spring Festival"),
            source=source,
            when=ELDERS,
            windows=(FestivalWindow(festival="spring", before_days=3, after_days=3),),
            rewards=(GiftReward(item="care_card", label=both("节日关怀卡", "Card for the festival"), valid_days=30),),
            per_customer_limit=1,
            message=both("节日饮食与补钙：大鱼大肉之外，别忘了奶和豆", "Festive food and calcium: do not forget milk and beans"),
        ),
        Campaign(
            id="checkup_season",
            label=both("体检季：体检报告解读", "Check-up season: reading your report"),
            source=source,
            live=bool(settings.checkup_season_months),
            windows=tuple(DayWindow(first=_SEASONS[one][0], last=_SEASONS[one][1]) for one in settings.checkup_season_months),
            rewards=(GiftReward(item="report_reading", label=both("体检报告解读", "Report reading"), valid_days=60),),
            per_customer_limit=1,
            message=both("体检季：把血钙和骨密度发给我们，健康顾问为您解读", "Send us blood calcium and bone density; an adviser reads them"),
        ),
    )  # fmt: skip


@hookimpl
def loyalty_programs(ctx: DeclareContext[Settings]) -> tuple[Program, ...]:
    """One program; the document gives no threshold and no price, so those are settings."""
    settings = ctx.settings
    limits = (
        ("front_desk", settings.agent_limit_yuan),
        ("service_supervisor", settings.supervisor_limit_yuan),
        ("team_leader", settings.supervisor_limit_yuan),
        ("director", settings.director_limit_yuan),
    )
    rules: tuple[TierLadder | CouponTemplate | Campaign | Goodwill, ...] = (
        TierLadder(
            id="tiers",
            label=both("会员等级", "Member tiers"),
            source=f"{GUIDE} supp.tier.levels",
            basis="lifetime_spend",
            tiers=_tiers(settings),
        ),
        # 客服要求提供…才能享受‘买二送一’活动: the questionnaire finds who is eligible, the desk hands the coupon out
        CouponTemplate(
            id="buy2get1",
            label=both("买二送一", "Buy two, get one"),
            source=f"{GUIDE} supp.offer.auto_eligibility",
            gift="bottle",
            valid_days=30,
            uses=1,
            terms=both("通过资格问卷后领取，同单购买两瓶时赠一瓶", "After the questionnaire; one free with two in one order"),
        ),
        # 用户购买钙片后可免费领取“钙吸收监测服务” (supp.care.monitoring)
        CouponTemplate(
            id="monitoring",
            label=both("钙吸收监测服务", "Monitoring of calcium uptake"),
            source=f"{GUIDE} supp.care.monitoring",
            gift="monitoring",
            valid_months=12,
        ),
        *_campaigns(settings),
        Campaign(
            id="monitoring_gift",
            label=both("购买即赠监测服务", "Monitoring with a purchase"),
            source=f"{GUIDE} supp.care.monitoring",
            windows=(DayWindow(first="01-01", last="12-31"),),
            rewards=(CouponReward(template="monitoring"),),
            min_fen=1,
            per_customer_limit=1,
            message=both("购买钙片免费领取钙吸收监测服务", "Monitoring comes free with calcium"),
        ),
        Goodwill(
            id="goodwill",
            # R25: 客服可直接退款/补发; no document states a limit
            label=both("投诉补偿", "Goodwill"),
            source=f"{GUIDE} R25",
            limits=tuple(RoleLimit(role=role, max_fen=yuan * 100) for role, yuan in limits),
        ),
    )  # fmt: skip
    title = both("营养补充剂会员", "Supplement shop membership")
    return (Program(id="members", label=title, rules=rules, source=GUIDE),)
