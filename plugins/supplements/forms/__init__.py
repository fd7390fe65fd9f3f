"""The papers of the shop: three questions before a sale, the eligibility questionnaire, the effect, a report's figures."""

from plugins.api import Answers, DecideContext, DeclareContext, Flag, Form, FormPatch, FormProblem, hookimpl
from plugins.supplements.forms.effect import EFFECT_FORM, REPORT_FORM
from plugins.supplements.forms.eligibility import ELIGIBILITY, FORM, find_in_eligibility
from plugins.supplements.forms.extension import PATCH
from plugins.supplements.forms.presale import PRESALE, find_in_presale, presale
from plugins.supplements.settings import Settings


@hookimpl
def intake_forms(ctx: DeclareContext[Settings]) -> tuple[Form, ...]:
    """Return the forms; the three questions come first, as the form that is handed out most."""
    return (presale(ctx.settings), FORM, EFFECT_FORM, REPORT_FORM)


@hookimpl
def intake_extensions() -> tuple[FormPatch, ...]:
    """Return what is asked in a pet clinic's own intake."""
    return (PATCH,)


@hookimpl
async def check_intake(ctx: DecideContext[Settings], form: str, answers: Answers) -> tuple[FormProblem | Flag, ...]:
    """Recommend after the three questions, and review who is eligible; nobody looks at papers."""
    if form == PRESALE:
        return find_in_presale(answers, ctx.settings)
    return find_in_eligibility(answers, ctx.settings) if form == ELIGIBILITY else ()
