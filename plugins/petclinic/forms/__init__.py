"""The papers of the clinic: intake, consent before surgery, the check before it, and the survey after a visit."""

from plugins.api import Answers, Flag, Form, FormProblem, hookimpl
from plugins.petclinic.forms import consent, intake, preop, survey


@hookimpl
def intake_forms() -> tuple[Form, ...]:
    """Return the forms of the clinic; the intake comes first, as the one that is handed out most."""
    return (intake.FORM, consent.FORM, preop.FORM, survey.FORM)


@hookimpl
async def check_intake(form: str, answers: Answers) -> tuple[FormProblem | Flag, ...]:
    """Look at what only a vet's rule sees; the forms' own rules have been kept."""
    return intake.find_in_intake(answers) if form == intake.INTAKE else ()
