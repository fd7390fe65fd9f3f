"""Work by the clock, sample data, and what a vertical hands out or erases about one customer."""

import re
from typing import Any, Final

import msgspec

from core.hooks.records.text import Text

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_SHORTEST: Final = 5
_DAY: Final = 24 * 60


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Work for `run_job`, either every so many minutes or once a day by the tenant's clock; never twice at once."""

    id: str
    label: Text
    every_minutes: int = 0
    at: str = ""
    """`HH:MM` in the tenant's time zone."""

    def __post_init__(self) -> None:
        """Refuse a job without a time, with two, or one that would run all the time."""
        if bool(self.every_minutes) == bool(self.at):
            raise ValueError(f"job {self.id} runs every so many minutes, or at a time of day")
        if self.at and not _CLOCK.fullmatch(self.at):
            raise ValueError(f"job {self.id}: {self.at!r} is no HH:MM")
        if self.every_minutes and not _SHORTEST <= self.every_minutes <= _DAY:
            raise ValueError(f"job {self.id} runs at most every 5 minutes and at least once a day")


class SeedSubject(msgspec.Struct, frozen=True, kw_only=True):
    """A sample subject; `kind` is a local id of this plugin's subject types."""

    kind: str
    name: str
    data: dict[str, Any] = {}


class SeedIntake(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of a filled-in form; `form` is a local id."""

    form: str
    answers: dict[str, Any]
    days_ago: int = 0


class SeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sample row of one of the plugin's own tables, without tenant_id.

    The value `$customer` stands for the sample's customer, `$subject:<name>` for one of its subjects, `$now-3h`
    (also m and d) for a time.
    """

    table: str
    values: dict[str, Any]


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """A sample customer with what belongs to it; tagged, and removable as a whole."""

    id: str
    full_name: str
    phone: str = ""
    subjects: tuple[SeedSubject, ...] = ()
    intakes: tuple[SeedIntake, ...] = ()
    rows: tuple[SeedRow, ...] = ()


class ExportPart(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of what a vertical keeps about a customer, as rows that a person can read."""

    title: Text
    rows: tuple[dict[str, Any], ...] = ()


class ErasureReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased, by table, and what must stay, with the reason."""

    erased: dict[str, int] = {}
    kept: tuple[Text, ...] = ()
