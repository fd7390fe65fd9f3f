"""What the clinic promises on each complaint level: the milestones, owners and escalation of the emergency plan."""

from plugins.api import DeclareContext, Policy, hookimpl
from plugins.petclinic.levels.level_1 import level_1
from plugins.petclinic.levels.level_2 import level_2
from plugins.petclinic.levels.level_3 import level_3
from plugins.petclinic.settings import Settings


@hookimpl
def complaint_policies(ctx: DeclareContext[Settings]) -> tuple[Policy, ...]:
    """Return the three levels as the tenant has set them."""
    return (level_1(ctx.settings), level_2(ctx.settings), level_3(ctx.settings))
