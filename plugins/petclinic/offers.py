"""What the clinic gives beside its tiers: coupons, presents, rewards, and what is done for whoever stays away."""

from plugins.api import (
    Birthday,
    Campaign,
    Churn,
    CouponReward,
    CouponTemplate,
    DayWindow,
    FestivalWindow,
    GiftReward,
    Goodwill,
    Referral,
    ReviewReward,
    RoleLimit,
    ServiceQuota,
    ServiceReward,
    Winback,
    both,
)
from plugins.petclinic.loyalty_settings import LoyaltySettings

STRATEGY = "2025东营宠物诊所客户服务策略"
EMERGENCY = "宠物医院客户投诉应急预案"
Present = CouponTemplate | Birthday | ServiceQuota | Referral | ReviewReward


def presents(settings: LoyaltySettings) -> tuple[Present, ...]:
    """Coupons first, then the rules that hand them out."""
    return (
        *_coupons(settings),
        _birthday(settings),
        _annual_checkup(settings),
        *_referrals(settings),
        _review(settings),
    )


def _coupons(settings: LoyaltySettings) -> tuple[CouponTemplate, ...]:
    months, least = settings.coupon_valid_months, settings.coupon_min_yuan * 100
    return (
        # §3.4.1: 推荐新客户双方各得50元优惠券
        CouponTemplate(
            id="coupon_50",
            label=both("50 元优惠券", "50 yuan coupon"),
            source=f"{STRATEGY} §3.4.1",
            amount_fen=50_00,
            min_spend_fen=least,
            valid_months=months,
        ),
        # §3.4.3: 老客户得“100元代金券”
        CouponTemplate(
            id="coupon_100",
            label=both("100 元代金券", "100 yuan voucher"),
            source=f"{STRATEGY} §3.4.3",
            amount_fen=100_00,
            min_spend_fen=least,
            valid_months=months,
        ),
        # §3.4.3: 新客户享首次检查8折
        CouponTemplate(
            id="first_exam",
            label=both("首次检查 8 折券", "20 % off the first check"),
            source=f"{STRATEGY} §3.4.3",
            pay_percent=80,
            categories=("examination",),
            valid_months=months,
            per_customer_limit=1,
        ),
        # §3.4.3: 宠物用品折扣
        CouponTemplate(
            id="goods_discount",
            label=both("宠物用品折扣券", "Discount on goods"),
            source=f"{STRATEGY} §3.4.3",
            pay_percent=settings.review_goods_percent,
            categories=("goods",),
            valid_months=months,
        ),
        # §3.5.1: 24小时内给出解决方案(如“免费复查+补偿检查费用”)
        CouponTemplate(
            id="free_recheck",
            label=both("免费复查券", "Free repeated examination"),
            source=f"{STRATEGY} §3.5.1",
            service=settings.item_recheck,
            valid_months=months,
        ),
        # §3.5.3: 赠送“免费体检券”
        CouponTemplate(
            id="free_checkup",
            label=both("免费体检券", "Free check-up"),
            source=f"{STRATEGY} §3.5.3",
            service=settings.item_checkup,
            valid_days=settings.winback_valid_days,
        ),
    )


def _birthday(settings: LoyaltySettings) -> Birthday:
    return Birthday(
        id="birthday",
        # §3.4.1: 生日赠送“宠物蛋糕/零食”
        label=both("生日礼", "Birthday gift"),
        source=f"{STRATEGY} §3.4.1",
        subject=settings.birthday_of,
        choose_one_of=(
            GiftReward(item="pet_cake", label=both("宠物蛋糕", "Pet cake")),
            GiftReward(item="snack", label=both("零食", "Snack")),
        ),
        lead_days=settings.birthday_lead_days,
        grace_days=settings.birthday_grace_days,
        once_per=settings.birthday_once_per,
    )


def _annual_checkup(settings: LoyaltySettings) -> ServiceQuota:
    return ServiceQuota(
        id="annual_checkup",
        # §3.4.1: 年度体检享8折
        label=both("年度体检 8 折", "Annual check-up at 20 % off"),
        source=f"{STRATEGY} §3.4.1",
        service=settings.item_annual_checkup,
        pay_percent=80,
        quota=1,
        period=settings.annual_checkup_year,
        tiers=("silver", "gold") if settings.annual_checkup_for == "card" else (),
    )


def _referrals(settings: LoyaltySettings) -> tuple[Referral, Referral]:
    """Two rules of one document that cannot both hold: the setting says which is live."""
    both_50, hundred = CouponReward(template="coupon_50"), CouponReward(template="coupon_100")
    return (
        # §3.4.1: 推荐新客户双方各得50元优惠券
        Referral(
            id="referral_both_50",
            label=both("推荐有礼：双方各得 50 元", "Referral: 50 yuan for both"),
            source=f"{STRATEGY} §3.4.1",
            live=settings.referral == "both_50",
            group="referral",
            referrer=(both_50,),
            referee=(both_50,),
            min_fen=settings.referral_min_yuan * 100,
            hold_days=settings.referral_hold_days,
            monthly_limit=settings.referral_monthly_limit,
        ),
        # §3.4.3: 老客户推荐新客户到店消费，新客户享首次检查8折，老客户得“100元代金券”
        Referral(
            id="referral_first_exam",
            label=both("推荐有礼：首次检查 8 折", "Referral: 20 % off the first check"),
            source=f"{STRATEGY} §3.4.3",
            live=settings.referral == "first_exam",
            group="referral",
            referrer=(hundred,),
            referee=(CouponReward(template="first_exam"),),
            # The discount is for the first check, so the newcomer holds it before it.
            referee_when="registered",
            min_fen=settings.referral_min_yuan * 100,
            hold_days=settings.referral_hold_days,
            monthly_limit=settings.referral_monthly_limit,
        ),
    )


def _review(settings: LoyaltySettings) -> ReviewReward:
    return ReviewReward(
        id="review",
        # §3.4.3: 在大众点评/美团等平台发表好评(附图片/视频)，可兑换“免费驱虫”或“宠物用品折扣”. Any genuine review counts:
        # paying for praise only is fined (反不正当竞争法 §8).
        label=both("真实评价奖励", "Reward for a genuine review"),
        source=f"{STRATEGY} §3.4.3",
        platforms=(("dianping", both("大众点评", "Dianping")), ("meituan", both("美团", "Meituan"))),
        choose_one_of=(
            ServiceReward(service=settings.item_deworming, label=both("免费驱虫", "Free deworming"), valid_days=180),
            CouponReward(template="goods_discount"),
        ),
        cooldown_days=settings.review_cooldown_days,
    )


def looking_after(settings: LoyaltySettings) -> tuple[Churn, Winback]:
    """Who counts as leaving, and what is offered once."""
    return (
        Churn(
            id="churn",
            # §3.5.3: 监测“3个月未消费”“负面评价”等信号，由店长/医生主动联系客户; 应急预案 §3.2: 费用超出预估30%以上
            label=both("流失预警", "At risk"),
            source=f"{STRATEGY} §3.5.3；{EMERGENCY} §3.2",
            months=3,
            over_estimate_percent=30,
            roles=("director", "doctor"),
            due_days=settings.churn_due_days,
            quiet_days=settings.churn_quiet_days,
        ),
        Winback(
            id="winback",
            # §3.5.3: 针对流失客户，赠送“免费体检券”或“宠物用品礼包”，邀请参与“新服务体验活动”
            label=both("流失客户挽回", "Win back"),
            source=f"{STRATEGY} §3.5.3",
            choose_one_of=(
                CouponReward(template="free_checkup"),
                GiftReward(
                    item="goods_pack",
                    label=both("宠物用品礼包", "Pack of pet goods"),
                    valid_days=settings.winback_valid_days,
                ),
            ),
            hold_out_percent=settings.winback_hold_out_percent,
            invite=both("新服务体验活动", "Try our new services"),
        ),
    )


def goodwill(settings: LoyaltySettings) -> Goodwill:
    """How much each role may give back because of a complaint; above it a higher one approves."""
    limits = (
        ("front_desk", settings.goodwill_desk_yuan),
        ("service_supervisor", settings.goodwill_supervisor_yuan),
        ("team_leader", settings.goodwill_leader_yuan),
        ("director", settings.goodwill_director_yuan),
    )
    return Goodwill(
        id="goodwill",
        # §3.5.1: 24小时内给出解决方案(如“免费复查+补偿检查费用”); 应急预案 §3.2: 改进方案(如调整治疗计划、减免部分费用)
        label=both("投诉补偿", "Goodwill"),
        source=f"{STRATEGY} §3.5.1；{EMERGENCY} §3.2",
        limits=tuple(RoleLimit(role=role, max_fen=yuan * 100) for role, yuan in limits),
    )


def campaigns() -> tuple[Campaign, ...]:
    """§3.1.2: 结合节日(如“宠物情人节”“双十一宠物用品节”)设计主题服务; examples with numbers of ours, switched off."""
    source = f"{STRATEGY} §3.1.2"
    return (
        Campaign(
            id="pet_valentine",
            label=both("宠物情人节", "Pet Valentine's Day"),
            source=source,
            live=False,
            windows=(FestivalWindow(festival="qixi", before_days=3, after_days=3),),
            rewards=(GiftReward(item="valentine_snack", label=both("情人节零食", "Valentine's snack")),),
            per_customer_limit=1,
            budget_fen=2000_00,
            message=both("七夕带毛孩子来合影，送一份零食", "Come for a picture at Qixi and take a snack home"),
        ),
        Campaign(
            id="double_eleven",
            label=both("双十一宠物用品节", "Singles' Day for pet goods"),
            source=source,
            live=False,
            windows=(DayWindow(first="11-01", last="11-11"),),
            pay_percent=90,
            categories=("goods",),
            budget_fen=10_000_00,
            message=both("双十一宠物用品 9 折", "Pet goods at 10 % off until Singles' Day"),
        ),
    )
