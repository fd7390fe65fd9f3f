"""Whom the clinic may ask back: no purchase for as long as a check-up is due."""

from anxin_dental.settings import Settings
from plugins.api import DeclareContext, Relative, Segment, both, hookimpl


@hookimpl
def segments(ctx: DeclareContext[Settings]) -> tuple[Segment, ...]:
    due = Relative(field="last_visit_on", when="before_last", amount=ctx.settings.recall_months, unit="months")
    return (
        Segment(
            id="recall",
            label=both("该复查的客户", "Due for a check-up"),
            tree=due,
            plan=both("免费口腔检查", "A free check-up"),
            source="own design",
        ),
    )
