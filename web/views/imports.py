"""What import pages show: targets, outcomes and every reason for a refusal in the reader's language."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from core.imports.queries import BatchRecord, RowRecord
from core.imports.rules.plan import Counts, ImportPlan
from core.imports.rules.reading import Problem
from core.profiles.rules import OwnField
from web.i18n import N_, gettext, ngettext

TARGETS: Final = {
    "name": N_("Customer's name"),
    "phone": N_("Phone"),
    "phone2": N_("Second phone"),
    "member_no": N_("Member number"),
    "gender": N_("Form of address"),
    "last_visit": N_("Last visit"),
    "spent": N_("Spent in all"),
    "note": N_("Note"),
    "email": N_("E-mail"),
    "wechat": N_("WeChat id"),
    "address": N_("Address"),
    "tags": N_("Tags"),
    "pet_name": N_("Pet's name"),
    "species": N_("Kind of pet"),
    "breed": N_("Breed"),
    "sex": N_("Pet's sex"),
    "birthday": N_("Pet's date of birth"),
    "neutered": N_("Neutered"),
    "chip": N_("Chip number"),
}
OUTCOMES: Final = {
    "new": (N_("New customer"), "ok", "user-round-plus"),
    "pet": (N_("One more pet"), "ok", "paw-print"),
    "update": (N_("Filled in or renewed"), "info", "refresh-cw"),
    "duplicate": (N_("Already there"), "neutral", "copy"),
    "error": (N_("Needs correction"), "danger", "octagon-alert"),
    "skipped": (N_("Left out"), "neutral", "minus"),
}
STATES: Final = {
    "uploaded": (N_("Columns to be mapped"), "info"),
    "checking": (N_("Being checked"), "info"),
    "checked": (N_("Checked, not imported yet"), "warn"),
    "running": (N_("Running"), "info"),
    "done": (N_("Imported"), "ok"),
    "cancelled": (N_("Stopped half way"), "warn"),
    "undoing": (N_("Being undone"), "warn"),
    "undone": (N_("Undone"), "neutral"),
    "failed": (N_("Could not be read"), "danger"),
}
KEPT: Final = {
    "changed-since": N_("Changed since the import, so it stays"),
    "in-use": N_("Something else refers to it, so it stays"),
    "has-consent": N_("A consent was signed, so it stays"),
    "has-complaint": N_("A complaint names it, so it stays"),
    "has-file": N_("A file belongs to it, so it stays"),
    "has-form": N_("A form was sent to it or filled in, so it stays"),
    "has-permission": N_("The customer said what may be sent, so it stays"),
    "has-purchase": N_("Something was bought since, so it stays"),
    "has-request": N_("The customer asked about its own data, so it stays"),
    "has-survey": N_("It was surveyed since, so it stays"),
    "has-visit": N_("There was a visit, so it stays"),
    "has-wish": N_("The customer's wishes were written down since, so it stays"),
    "is-merged": N_("It was merged with another customer, so it stays; undo the merge first"),
}
PROBLEMS: Final[dict[str, str]] = {
    "already-there": N_("%(name)s is there already"),
    "amount-decimals": N_("“%(value)s” has more than two decimals"),
    "amount-negative": N_("“%(value)s” is below zero"),
    "amount-too-large": N_("“%(value)s” is more than anybody spends"),
    "amount-unknown": N_("“%(value)s” is no amount; write 1200 or 1200.50"),
    "born-after-visit": N_("Born on %(value)s, after the last visit; please look"),
    "contacts-full": N_("A customer has at most %(max)s contacts; what is too many is left out"),
    "cell-error": N_("The spreadsheet shows the error %(value)s here"),
    "chip-bad": N_("“%(value)s” is no chip number"),
    "choice-unknown": N_("“%(value)s” is no kind that we know"),
    "date-ambiguous": N_("“%(value)s” can be two days; write 2020-04-28"),
    "date-future": N_("“%(value)s” has not come yet"),
    "date-impossible": N_("There is no day “%(value)s”"),
    "date-partial": N_("Only a part of the date is given; taken as %(value)s"),
    "date-short": N_("The year has two digits; taken as %(value)s"),
    "date-too-old": N_("“%(value)s” is before 1900"),
    "date-unknown": N_("“%(value)s” is no date; write 2020-04-28"),
    "duplicate-in-file": N_("The same person and pet as in row %(row)s"),
    "email-bad": N_("“%(value)s” is no e-mail address"),
    "formula": N_("A formula; it is never calculated. Put its value here"),
    "formula-value-used": N_("A formula; the value that the spreadsheet calculated last was taken"),
    "formula-without-value": N_("A formula without a value; open the file once in a spreadsheet and save it"),
    "lost-digits": N_("“%(value)s” has lost digits in the spreadsheet; format the column as text"),
    "member-no-twice": N_("Row %(row)s has the same member number with another name"),
    "name-is-number": N_("“%(value)s” is a number, not a name"),
    "name-missing": N_("The name is missing"),
    "own-choice": N_("“%(value)s” is none of the options of this field"),
    "own-number": N_("“%(value)s” is no whole number"),
    "pet-several": N_("%(count)s pets in one cell"),
    "pet-unnamed": N_("The pet has no name; “%(value)s” was taken"),
    "phone-bad": N_("“%(value)s” is no phone number that can be called"),
    "phone-foreign": N_("A number abroad: %(value)s"),
    "phone-known": N_("%(name)s has the same phone; both go into one household"),
    "phone-landline": N_("A landline: no text messages can be sent to %(value)s"),
    "phone-missing": N_("No phone: nobody can be called, and the next list may not find this person"),
    "phone-shared": N_("Row %(row)s has the same phone with another name"),
    "phone-two": N_("%(count)s numbers in one cell"),
    "row-long": N_("%(found)s cells instead of %(expected)s; a separator too many"),
    "row-short": N_("%(found)s cells instead of %(expected)s; a separator or line break is missing"),
    "sex-unknown": N_("“%(value)s” is no sex; write 公, 母 or 未知"),
    "spent-differs": N_("Another total than in row %(row)s; the larger one counts"),
    "tag-new": N_("New tag “%(value)s”"),
    "tag-too-long": N_("The tag “%(value)s” is longer than %(max)s characters"),
    "tags-full": N_("A customer carries at most %(max)s tags; what is too many is left out"),
    "tags-no-room": N_("No room for the new tag “%(value)s”: there are %(max)s tags already"),
    "tags-too-many": N_("More than %(max)s tags"),
    "too-long": N_("Longer than %(max)s characters"),
    "wechat-bad": N_("“%(value)s” is no WeChat id; put it into the note, or leave it empty"),
    "yes-no-unknown": N_("“%(value)s” is neither yes nor no"),
}
"""By the codes of core.imports.rules; a test holds that none is missing."""
ENCODINGS: Final = (
    ("utf-8", "UTF-8"),
    ("gb18030", "GB18030 / GBK / GB2312"),
    ("utf-16", "UTF-16"),
    ("big5", "Big5"),
)
DELIMITERS: Final = (
    (",", N_("Comma")),
    ("\t", N_("Tabulator")),
    (";", N_("Semicolon")),
    ("|", N_("Vertical bar")),
)


class RowLine(msgspec.Struct, frozen=True):
    """One row of the file with its verdict."""

    row_no: int
    title: str
    outcome: str
    badge: tuple[str, str, str]
    problems: list[tuple[bool, str]]
    customer_path: str
    kept: str


class MappingLine(msgspec.Struct, frozen=True):
    """One column on the mapping page, as `ui.mapping` reads it."""

    name: str
    column: str
    samples: list[str]
    value: str
    note: str = ""
    state: str = ""


class Tile(msgspec.Struct, frozen=True):
    """One number above the rows; `value` filters by it."""

    value: str
    label: str
    count: int
    state: str
    icon: str


def pace_of(batch: BatchRecord, now: datetime) -> str:
    """How fast it goes and how long it takes from here, as soon as there is something to say."""
    seconds = (now - batch.started_at).total_seconds() if batch.started_at else 0.0
    if batch.state not in {"running", "undoing"} or seconds < 1 or not batch.rows_done:
        return ""
    pace = batch.rows_done / seconds
    left = max(0, batch.rows_total - batch.rows_done) / pace
    if left < 90:
        num = max(1, round(left))
        words = ngettext("about %(num)s second left", "about %(num)s seconds left", num)
    else:
        num = round(left / 60)
        words = ngettext("about %(num)s minute left", "about %(num)s minutes left", num)
    return gettext("%(pace)s rows a second, %(left)s") % {"pace": max(1, round(pace)), "left": words % {"num": num}}


def problem_text(problem: Problem, plan: ImportPlan) -> str:
    """The column and the reason; a field of the tenant's own is called as the file calls it."""
    words = gettext(PROBLEMS.get(problem.code, problem.code)) % problem.params
    label = gettext(TARGETS[problem.column]) if problem.column in TARGETS else ""
    if not label and problem.column in plan.mapping:
        label = plan.header.label(plan.mapping.index(problem.column))
    return f"{label}: {words}" if label else words


def row_lines(rows: Sequence[RowRecord], batch: BatchRecord) -> list[RowLine]:
    columns = {target: index for index, target in enumerate(batch.plan.mapping)}
    lines = []
    for row in rows:
        shown = [row.cells[columns[t]] for t in ("name", "pet_name") if t in columns and columns[t] < len(row.cells)]
        words, state, icon = OUTCOMES[row.outcome]
        problems = [(problem.warns, problem_text(problem, batch.plan)) for problem in row.problems]
        lines.append(
            RowLine(
                row_no=row.row_no,
                title=" · ".join(text for text in shown if text.strip()) or "—",
                outcome=row.outcome,
                badge=(gettext(words), state, icon),
                problems=sorted(problems),
                customer_path=f"/customers/{row.customer_id}" if row.customer_id and row.state != "undone" else "",
                kept=gettext(KEPT.get(row.kept_reason or "", "")) if row.kept_reason else "",
            )
        )
    return lines


def tiles(counts: Counts) -> list[Tile]:
    """The numbers of a dry run or a run; what did not occur is left out, but for the good and the bad."""
    return [
        Tile(value, gettext(words), getattr(counts, value), state, icon)
        for value, (words, state, icon) in OUTCOMES.items()
        if getattr(counts, value) or value in {"new", "error"}
    ]


def mapping_lines(batch: BatchRecord, preview: Sequence[Sequence[str]], mapping: Sequence[str]) -> list[MappingLine]:
    header = batch.plan.header
    lines = []
    for column in range(len(header.names)):
        cells = (row[column].strip() for row in preview if column < len(row))
        samples = list(dict.fromkeys(cell[:30] for cell in cells if cell))[:3]
        label = header.label(column) or gettext("Column %(n)s") % {"n": column + 1}
        lines.append(MappingLine(f"column_{column}", label, samples, mapping[column] if column < len(mapping) else ""))
    return lines


def target_options(targets: Sequence[str], own: Mapping[str, OwnField], *, locale: str) -> list[tuple[str, str]]:
    """The record's fields, then the tenant's own; those of pets say so."""
    options = [(target, gettext(TARGETS[target])) for target in targets if target in TARGETS]
    for target in targets:
        field = own.get(target)
        if field is not None:
            label = field.label.get(locale) or next(iter(field.label.values()), field.key)
            pet = gettext("%(field)s (pet)") % {"field": label}
            options.append((target, pet if field.entity_type == "subject" else label))
    return options


def error_table(batch: BatchRecord, rows: Sequence[RowRecord]) -> list[list[str]]:
    """The rows to correct, under the file's own header, with the reasons behind them.

    The groups above the header come along, so that 名字 below 宠物 is understood again when the file comes back.
    """
    header = batch.plan.header
    width = len(header.names)
    table = [[*header.groups]] if any(header.groups) else []
    table.append([*header.names, gettext("Error")])
    for row in rows:
        cells = (row.cells + [""] * width)[:width]
        reasons = [problem_text(problem, batch.plan) for problem in row.problems if not problem.warns]
        table.append([*cells, "；".join(reasons)])
    return table
