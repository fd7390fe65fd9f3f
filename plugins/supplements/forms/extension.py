"""One question for a pet clinic's intake: a clinic that also sells supplements asks its visitors once."""

from plugins.api import Addition, ChoiceField, Condition, FormPatch, Option, TextField, both

_TAKEN = ChoiceField(
    key="supplements_taken",
    label=both("是否在吃钙片等营养补充剂", "Takes calcium or other supplements"),
    options=(Option("none", both("没有", "No")), Option("yes", both("有", "Yes"))),
)
_WHICH = TextField(
    key="supplements_which",
    label=both("在吃哪些", "Which ones"),
    required=True,
    max_length=200,
    visible_when=Condition(field="supplements_taken", op="eq", value="yes"),
    profile="subject.supplements",
)
PATCH = FormPatch(
    id="taken",
    form="petclinic.intake",
    add=(Addition(_TAKEN, after="diet"), Addition(_WHICH, after="diet")),
)
