"""What the roles of somebody allow among the rights of the plugins that are on for the tenant."""

from collections.abc import Collection

import msgspec

from core.hooks.dispatch import TenantPlugins
from core.hooks.specs.pages import permissions
from core.scope import Actor

ALWAYS = frozenset({"director", "tenant_admin"})
"""Roles that hold every right."""


def plugin_permissions_of(plugins: TenantPlugins, roles: Collection[str]) -> frozenset[str]:
    """Return prefixed ids (`birds.orders`); of a plugin that is off there are none."""
    declared = plugins.declared(permissions)
    if not declared or not roles:
        return frozenset()
    given = frozenset(roles)
    known: dict[frozenset[str], frozenset[str]] = plugins.memo.setdefault("permissions", {})
    if given not in known:
        known[given] = frozenset(
            one.value.id for one in declared if given & ALWAYS or not given.isdisjoint(one.value.roles)
        )
    return known[given]


def with_plugin_permissions(actor: Actor, plugins: TenantPlugins) -> Actor:
    """Return a person of the staff with the rights of the plugins as well; anybody else is as before."""
    more = plugin_permissions_of(plugins, actor.roles) if actor.kind == "staff" else frozenset()
    return msgspec.structs.replace(actor, permissions=actor.permissions | more) if more else actor
