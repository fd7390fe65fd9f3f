"""Bronze S, I and P: settings that can be saved, nothing where it is off, nothing from one tenant to the next, roles that exist."""

import sys
from collections.abc import Iterator

from core.errors import InvalidInput
from core.hooks.records.text import LOCALES
from core.hooks.settings import settings_schema
from core.hooks.specs import SPECS
from plugins.testing.findings import Finding
from plugins.testing.subject import A, B, Subject, declared
from tenants.roles import ROLES


def check_settings(subject: Subject) -> Iterator[Finding]:
    """Yield what is wrong with the settings."""
    for name, part in settings_schema(subject.plugin.settings).get("properties", {}).items():
        title = part.get("x-title")
        if not isinstance(title, dict) or set(LOCALES) - set(title):
            yield Finding("S1", f"setting {name} has no title in {' and '.join(LOCALES)}")
    try:
        subject.host.check_settings(subject.plugin.id, {})
    except InvalidInput as error:
        yield Finding("S2", f"the default settings cannot be saved: {error}")


def check_isolation(subject: Subject) -> Iterator[Finding]:
    """Yield where something of the plugin is left when it is off, or goes from one tenant to another."""
    yield from _off(subject)
    yield from _two_tenants(subject)
    before = kept_globals(subject)
    subject.alone().for_tenant(B, 1, {subject.plugin.id: {}})
    yield from changed_globals(subject, before)


def check_rights(subject: Subject) -> Iterator[Finding]:
    """Yield roles that no tenant has."""
    for permission in subject.records("permissions"):
        for role in sorted(set(permission.roles) - set(ROLES)):
            yield Finding("P1", f"permission {permission.id}: there is no role {role!r}; roles: {', '.join(ROLES)}")


def _off(subject: Subject) -> Iterator[Finding]:
    plugin = subject.plugin.id
    off = subject.host.for_tenant(B, 1, {})
    if off.is_on(plugin):
        yield Finding("I1", "it is on for a tenant that never switched it on")
    for spec in SPECS:
        if plugin in off.listeners(spec) or any(c.plugin == plugin for c in off.declared(spec)):
            yield Finding("I1", f"{spec.name} reaches a tenant that has it off")


def _two_tenants(subject: Subject) -> Iterator[Finding]:
    plugin, together = subject.plugin.id, subject.alone()
    expected = declared(subject.alone().for_tenant(A, 1, {plugin: {}}))
    for epoch in (1, 2):
        together.for_tenant(B, epoch, {} if epoch == 1 else {plugin: {}})
        if declared(together.for_tenant(A, epoch, {plugin: {}})) != expected:
            yield Finding("I2", "another tenant in between changes what a tenant gets")


def kept_globals(subject: Subject) -> dict[str, str]:
    """Return the plain values at the top of the plugin's modules as texts: what a call may not change."""
    package = subject.candidate.package
    return {
        f"{name}.{key}": repr(value)
        for name, module in sorted(sys.modules.items())
        if name == package or name.startswith(f"{package}.")
        for key, value in vars(module).items()
        if not key.startswith("__") and isinstance(value, dict | list | set | int | float | str | bytes | None)
    }


def changed_globals(subject: Subject, before: dict[str, str]) -> Iterator[Finding]:
    """Yield each global that is not what it was: the next tenant would get what this one left."""
    now = kept_globals(subject)
    for name in sorted(before):
        if now.get(name) != before[name]:
            yield Finding("I3", f"a call changes the global {name}, which all tenants share")
