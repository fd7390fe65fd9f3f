"""Members of the clinic as the two documents have them: tiers, birthday, check-up, referral, review, who stays away."""

from plugins.api import DeclareContext, Program, TierLadder, both, hookimpl
from plugins.petclinic.loyalty_settings import LoyaltySettings
from plugins.petclinic.offers import campaigns, goodwill, looking_after, presents
from plugins.petclinic.points import points
from plugins.petclinic.settings import Settings
from plugins.petclinic.tiers import tiers

STRATEGY = "2025东营宠物诊所客户服务策略"


@hookimpl
def loyalty_programs(ctx: DeclareContext[Settings]) -> tuple[Program, ...]:
    """One program; what the documents leave open is a setting, and what they do not know at all is there but not live."""
    settings: LoyaltySettings = ctx.settings
    title = both("宠物诊所会员", "Clinic membership")
    ladder = TierLadder(
        id="tiers",
        label=both("会员等级", "Member tiers"),
        # §3.4.1: 设置“普通会员—银卡会员—金卡会员”三级体系
        source=f"{STRATEGY} §3.4.1",
        basis="lifetime_spend",
        tiers=tiers(settings),
        downgrade=settings.tier_downgrade,
    )
    rules = (ladder, *presents(settings), *looking_after(settings), goodwill(settings), *campaigns(), *points())
    return (Program(id="members", label=title, rules=rules, source=STRATEGY),)
