"""Hooks about forms: which ones a vertical brings, and what it finds in the answers."""

from typing import Any

from core.hooks.context import DecideContext, DeclareContext
from core.hooks.kinds import decide_many, declare
from core.hooks.records.forms import Answers, Flag, Form, FormPatch, FormProblem


@declare(merge="union", local_ids=("id",))
def intake_forms(ctx: DeclareContext[Any]) -> tuple[Form, ...]:
    """Return the forms of this vertical; the version of each is the digest of its canonical JSON."""
    raise NotImplementedError


@declare(merge="added to the form, in the tenant's order of plugins", local_ids=("id",))
def intake_extensions(ctx: DeclareContext[Any]) -> tuple[FormPatch, ...]:
    """Return the questions this vertical adds to forms of other verticals.

    A patch counts only while both plugins are on. Its answers come to `check_intake` with all the others.
    """
    raise NotImplementedError


@decide_many(merge="concatenation", on_fault="refuse", budget=0.3)
async def check_intake(ctx: DecideContext[Any], form: str, answers: Answers) -> tuple[FormProblem | Flag, ...]:
    """Look at answers that already passed the form's own rules; return problems and alerts.

    `form` is the prefixed id. `answers` hold only visible fields, as they would be stored. A problem with
    `blocks` stops the submit. A fault stops it too: an unchecked allergy must not slip through.
    """
    raise NotImplementedError
