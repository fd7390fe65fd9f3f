"""The pure form engine: definitions, conditions, answers, overlays, posts and views; no database, no clock."""

from core.forms.rules.comparing import Difference, compare_forms
from core.forms.rules.conditions import holds, is_empty
from core.forms.rules.definition import (
    BadDefinition,
    DefinitionProblem,
    canonical_json,
    check_form,
    decode_form,
    refuse_bad_form,
    version_of,
)
from core.forms.rules.extension import Clash, Extended, LeftOut, extend_form, find_clashes, refuse_bad_patch
from core.forms.rules.json_schema import json_schema
from core.forms.rules.overlay import Applied, Overlay, apply_overlay, may_hide, without_keys
from core.forms.rules.placing import without_fields
from core.forms.rules.posting import Posted, decode_post
from core.forms.rules.reading import (
    Carried,
    Completeness,
    Leftover,
    carry_over,
    completeness,
    flags,
    hash_of_key,
    prefill,
    profile_fields,
    profile_values,
)
from core.forms.rules.validation import Result, evaluate
from core.forms.rules.values import is_storable
from core.forms.rules.view import (
    ErrorView,
    FieldView,
    FormView,
    OptionView,
    RowView,
    SectionView,
    dom_id,
    form_view,
)
from core.hooks.records.forms import Addition

__all__ = [
    "Addition",
    "Applied",
    "BadDefinition",
    "Carried",
    "Clash",
    "Completeness",
    "DefinitionProblem",
    "Difference",
    "ErrorView",
    "Extended",
    "FieldView",
    "FormView",
    "LeftOut",
    "Leftover",
    "OptionView",
    "Overlay",
    "Posted",
    "Result",
    "RowView",
    "SectionView",
    "apply_overlay",
    "canonical_json",
    "carry_over",
    "check_form",
    "compare_forms",
    "completeness",
    "decode_form",
    "decode_post",
    "dom_id",
    "evaluate",
    "extend_form",
    "find_clashes",
    "flags",
    "form_view",
    "hash_of_key",
    "holds",
    "is_empty",
    "is_storable",
    "json_schema",
    "may_hide",
    "prefill",
    "profile_fields",
    "profile_values",
    "refuse_bad_form",
    "refuse_bad_patch",
    "version_of",
    "without_fields",
    "without_keys",
]
