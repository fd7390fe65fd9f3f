"""Whom a vertical serves: kinds of subject (a pet, a person), and what a panel beside a record may show."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from core.hooks.records.forms import Field, Flag, Tone
from core.hooks.records.text import Text


class SubjectType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of subject with its profile fields; `id` is local in the plugin and prefixed by the host."""

    id: str
    label: Text
    fields: tuple[Field, ...] = ()
    icon: str = "paw-print"
    """Name of an icon in the product's set."""


class IntakeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One submission of a form, as a panel or a check sees it."""

    form: str
    """Prefixed id."""
    submission_id: UUID | None = None
    answers: dict[str, Any] = {}
    completed_at: datetime | None = None
    flags: tuple[Flag, ...] = ()


class SubjectFacts(msgspec.Struct, frozen=True, kw_only=True):
    subject_id: UUID
    kind: str
    name: str
    data: dict[str, Any] = {}


class CustomerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a panel on the customer page may know."""

    customer_id: UUID
    full_name: str
    tier: str | None = None
    subjects: tuple[SubjectFacts, ...] = ()
    intakes: tuple[IntakeFacts, ...] = ()
    """Latest first."""


PanelPlace = str
"""Where on which page, e.g. `customer.side`; a plugin answers only for places it knows."""

CUSTOMER_SIDE = "customer.side"


class PanelRow(msgspec.Struct, frozen=True, kw_only=True):
    label: Text
    value: Text
    tone: Tone = "neutral"
    page: str = ""
    """Path of this plugin's own page that the value leads to, as in `Outcome.go_to`; empty when there is none."""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A box of plain rows; core renders it unless the plugin names a template of its own."""

    id: str
    title: Text
    rows: tuple[PanelRow, ...] = ()
    tone: Tone = "neutral"
    note: Text | None = None
    priority: int = 100
    """Lower comes first in its place."""
    template: str | None = None
