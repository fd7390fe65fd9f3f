"""What a rule of the kit is, and what is said when a plugin breaks one."""

from typing import Final, Literal

import msgspec

Level = Literal["bronze", "silver", "gold"]

RULES: Final[dict[str, tuple[Level, str]]] = {
    "L1": ("bronze", "it loads"),
    "L2": ("bronze", "it is imported in less than 300 ms"),
    "L3": ("bronze", "importing it writes nothing, connects to nothing and starts nothing"),
    "L4": ("bronze", "it imports plugins.api and nothing else of the product, no engine and no driver"),
    "D1": ("bronze", "it declares the same twice"),
    "D2": ("bronze", "every word is there in zh-CN and en"),
    "D3": ("bronze", "ids can stand in addresses and tables"),
    "D4": ("bronze", "ids and types of fields stay what they were in the last release"),
    "S1": ("bronze", "each setting has a title in both languages"),
    "S2": ("bronze", "the default settings can be saved"),
    "I1": ("bronze", "off means that nothing is left"),
    "I2": ("bronze", "two tenants in turn get what each would get alone"),
    "I3": ("bronze", "a call changes no global of its modules"),
    "P1": ("bronze", "permissions name roles that exist"),
    "F1": ("silver", "a hook does not fail on empty, long or unknown input"),
    "F2": ("silver", "a failure of the database is not swallowed"),
    "F3": ("silver", "a hook answers with what it promises"),
    "B1": ("silver", "an async hook does not block the loop"),
    "B2": ("silver", "a hook answers within its budget"),
    "E1": ("silver", "an event that comes twice changes nothing the second time"),
    "E2": ("silver", "events in another order lead to the same rows"),
    "M1": ("silver", "each new table is protected in its migration"),
    "M2": ("silver", "the tables are those of the manifest, with walls between tenants"),
    "M3": ("silver", "what it keeps about customers can be exported and erased"),
    "M4": ("silver", "nothing is left in an export after the erasure"),
    "V1": ("gold", "a graver level keeps no promise later"),
    "V2": ("gold", "sample complaints get their level, and more trouble is never judged milder"),
    "T1": ("gold", "nothing reaches the network from a hook that is tried"),
    "T2": ("gold", "a trial answers as the real thing does"),
    "X1": ("gold", "sample customers show the plugin at work"),
    "X2": ("gold", "a README says what it is, for whom, and whom to ask"),
    "X3": ("gold", "templates can be used by keyboard and carry no colours of their own"),
}
"""Rule id -> level and the rule in words; ids never change their meaning."""

LEVELS: Final[tuple[Level, ...]] = ("bronze", "silver", "gold")


class Finding(msgspec.Struct, frozen=True):
    """One broken rule."""

    rule: str
    text: str
    where: str = ""
    """file:line, when there is one."""
    exempt: str = ""
    """The vendor's reason from conformance.toml; shown, and not counted."""


class BadExemption(ValueError):
    """conformance.toml says something that cannot be meant."""


def level_reached(findings: tuple[Finding, ...], up_to: Level = "gold") -> Level | None:
    """Return the highest level without a finding that counts; None is below bronze."""
    broken = {RULES[one.rule][0] for one in findings if not one.exempt}
    reached: Level | None = None
    for level in LEVELS[: LEVELS.index(up_to) + 1]:
        if level in broken:
            return reached
        reached = level
    return reached
