"""One tier for everybody."""

from plugins.api import DeclareContext, NoSettings, Program, Tier, TierLadder, both, hookimpl


@hookimpl
def loyalty_programs(ctx: DeclareContext[NoSettings]) -> tuple[Program, ...]:
    """The club."""
    only = Tier(code="club", label=both("俱乐部会员", "Club member"))
    return (Program(id="club", label=both("俱乐部", "Club"), rules=(TierLadder(downgrade="now", tiers=(only,)),)),)
