"""A vertical's own pages: rights, addresses, entries of the menu, what was asked, what is shown, what was done."""

import re
from typing import Any, Final, Literal

import msgspec

from core.hooks.records.effects import Effect
from core.hooks.records.forms import FormProblem
from core.hooks.records.text import Text

_PLACE: Final = re.compile(r"\{[a-z][a-z0-9_]*\}")
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_TEMPLATE: Final = re.compile(r"[a-z][a-z0-9]*:[a-z0-9_]+(/[a-z0-9_]+)*\.html")


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """A right of this vertical's own; it exists for a tenant while the plugin is on."""

    id: str
    label: Text
    roles: tuple[str, ...] = ()
    """Codes of the roles that have it from the start, e.g. `service_supervisor`; director and tenant_admin always do."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """An address of this vertical below `/t/{slug}/x/<plugin>/`; 404 while the plugin is not on."""

    id: str
    path: str
    """Words and `{names}`, without a slash at either end: `orders/{order}`; empty is the plugin's first page."""
    permission: str
    """Local id of a permission that this plugin declares."""
    label: Text
    method: Literal["GET", "POST"] = "GET"
    """GET is answered by `show_page` and changes nothing, POST by `act_on_page`."""

    def __post_init__(self) -> None:
        """Refuse paths that could not be told apart from others, or a name that stands twice."""
        parts = self.path.split("/") if self.path else []
        if not all(_PLACE.fullmatch(part) or _WORD.fullmatch(part) for part in parts):
            raise ValueError(f"route {self.id}: {self.path!r} is not made of words and {{names}}")
        names = [part for part in parts if part.startswith("{")]
        if len(names) != len(set(names)):
            raise ValueError(f"route {self.id}: a name stands twice in {self.path!r}")


class NavItem(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the side menu that leads to a GET route without names; seen by who may open it."""

    id: str
    route: str
    """Local id of the route."""
    label: Text
    icon: str = "puzzle"
    """Name of an icon of Lucide; `puzzle` stands in for one that does not exist."""
    place: Literal["work", "manage"] = "work"
    """Among what people do every day, or among what is managed."""
    rank: int = 500
    """Lower comes first."""


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser asked; every value is text that nobody has checked yet."""

    route: str
    """Local id of the route."""
    path: dict[str, str] = {}
    query: dict[str, list[str]] = {}
    fields: dict[str, list[str]] = {}
    """Of a posted form."""

    def field(self, name: str, default: str = "") -> str:
        """Return the last value of a posted field, trimmed."""
        values = self.fields.get(name)
        return values[-1].strip() if values else default


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page to show: core puts its frame around the plugin's template."""

    template: str
    """`<plugin>:<name>.html`, in the package's folder `templates`."""
    title: Text
    data: dict[str, Any] = {}
    """The template's variables: texts, numbers, times, lists and dicts of them; ids as texts."""

    def __post_init__(self) -> None:
        """Refuse a template without the plugin's prefix, or outside its folder."""
        if not _TEMPLATE.fullmatch(self.template):
            raise ValueError(f"template {self.template!r} is not <plugin>:<name>.html")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a posted page led to: on to another page with effects, or the same page again with what is wrong."""

    go_to: str = ""
    """Path of this plugin's own, as in Route, with the names filled in."""
    toast: Text = ""
    effects: tuple[Effect, ...] = ()
    """Applied by core in the same transaction as what the plugin wrote."""
    problems: tuple[FormProblem, ...] = ()
    """Any problem rolls the transaction back and shows `again` with status 422."""
    again: Page | None = None

    def __post_init__(self) -> None:
        """Refuse an outcome that is both a success and a refusal."""
        if self.problems and self.effects:
            raise ValueError("an outcome with problems has no effects")
        if bool(self.problems) != (self.again is not None):
            raise ValueError("problems come with the page to show again, and only they do")
