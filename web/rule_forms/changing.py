"""What the buttons inside a form do before anything is saved: add, remove and move rows, and the same for conditions."""

import re
from typing import Final

from web.rule_forms.fields import Choices, Field, KindForm, Values, variant_of
from web.rule_forms.reading import MOST_ROWS, nodes_in
from web.rule_forms.writing import node_values
from web.views.segment_editor import change_nodes

_ROW: Final = re.compile(r"-\d{1,3}\.")
_NAME: Final = re.compile(r"[a-z_]{1,40}(-\d{1,3}\.[a-z_]{1,40}|\.[a-z_]{1,40}){0,4}")


def change_rows(form: KindForm, values: Values, command: str, choices: Choices) -> None:
    """Do what a button says: `add|tiers|`, `drop|tiers|1`, `up|tiers|1`, `down|tiers|0`, `when/add:0`."""
    if "/" in command:
        name, _, press = command.partition("/")
        if _NAME.fullmatch(name):
            _change_conditions(values, name, press, choices)
        return
    verb, _, rest = command.partition("|")
    name, _, what = rest.partition("|")
    if not _NAME.fullmatch(name) or _field_at(form, name, values) is None:
        return
    keys = [key for key in values.get(name, []) if key.isdecimal()]
    if verb == "add" and len(keys) < MOST_ROWS:
        key = str(max((int(one) for one in keys), default=-1) + 1)
        values[f"{name}-{key}.type"] = [what]
        keys.append(key)
        if not what:
            del values[f"{name}-{key}.type"]
    elif verb == "drop" and what in keys:
        keys.remove(what)
        for key in [one for one in values if one.startswith(f"{name}-{what}.")]:
            del values[key]
    elif verb in {"up", "down"} and what in keys:
        place = keys.index(what)
        other = place + (-1 if verb == "up" else 1)
        if 0 <= other < len(keys):
            keys[place], keys[other] = keys[other], keys[place]
    values[name] = keys


def _change_conditions(values: Values, name: str, press: str, choices: Choices) -> None:
    root = nodes_in(values, name, choices)
    change_nodes(root, press, choices.catalogue)
    for key in [one for one in values if one.startswith(f"{name}/")]:
        del values[key]
    values |= node_values(root, name)


def _field_at(form: KindForm, name: str, values: Values) -> Field | None:
    """The field of rows that a name leads to."""
    fields = form.fields
    found: Field | None = None
    for part in _ROW.sub(".", name).split("."):
        found = next((one for one in fields if one.name == part), None)
        if found is None:
            return None
        if found.widget == "group":
            fields = found.fields
        elif found.widget == "rows":
            row = _row_before(name, part)
            fields = variant_of(found, values, row).fields if row else ()
    return found if found is not None and found.widget == "rows" else None


def _row_before(name: str, part: str) -> str:
    """The start of the names of the row that a longer name goes through at this list."""
    match = re.search(rf"(^|\.){part}-\d{{1,3}}\.", name)
    return name[: match.end()] if match else ""
