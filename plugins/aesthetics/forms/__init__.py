"""The papers of the clinic: the consult, two consents, the answer to a plan, and the outcome of a procedure."""

from plugins.aesthetics.forms.aftercare import OUTCOME_FORM, PLAN_FORM
from plugins.aesthetics.forms.consent import CONSENT, CONSENT_FORM, PHOTO, PHOTO_FORM, find_in_consent
from plugins.aesthetics.forms.consult import FORM
from plugins.api import Answers, Flag, Form, FormProblem, hookimpl


@hookimpl
def intake_forms() -> tuple[Form, ...]:
    """Return the forms; the consult comes first, as the one that is handed out most."""
    return (FORM, CONSENT_FORM, PHOTO_FORM, PLAN_FORM, OUTCOME_FORM)


@hookimpl
async def check_intake(form: str, answers: Answers) -> tuple[FormProblem | Flag, ...]:
    """Refuse a minor's consent without the guardian."""
    return find_in_consent(answers) if form in {CONSENT, PHOTO} else ()
