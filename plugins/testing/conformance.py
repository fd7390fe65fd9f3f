"""Checks one plugin against the rules of the API and returns every finding with the id of its rule.

L1 loads. D1 declares the same twice. D2 words in zh-CN and en. D3 ids that stay ids in addresses and tables.
S1 settings with titles in both languages. S2 defaults that can be saved. I1 off means that nothing is left.
I2 two tenants in turn get what each would get alone. V1 a graver level keeps no promise later.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from core.errors import InvalidInput
from core.hooks.dispatch import TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate
from core.hooks.manifest import Plugin
from core.hooks.records.complaints import severity_rank
from core.hooks.records.text import LOCALES
from core.hooks.settings import settings_schema
from core.hooks.specs import SPECS
from core.hooks.specs.complaints import complaint_policies

_LOCAL_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Names that may stay in one language: where a number comes from, and what machines read.
# `words` are looked for in what people write, and `item` is matched with what a coupon names: neither is translated.
_NOT_WORDS = frozenset({"source", "pattern", "icon", "unit", "key", "value", "visible_when", "when", "words", "item"})
_A, _B = UUID(int=1), UUID(int=2)


class Finding(msgspec.Struct, frozen=True):
    """One broken rule."""

    rule: str
    text: str


def conformance(candidate: Candidate) -> tuple[Finding, ...]:
    """Return everything that is wrong with a plugin; a plugin that does not load has one finding."""
    host = PluginHost.load([candidate])
    status = host.status()[0]
    if status.state != "loaded" or status.plugin is None:
        return (Finding("L1", f"{status.state}: {status.reason} {status.where}".strip()),)
    plugin = status.plugin
    on = host.for_tenant(_A, 1, {plugin.id: {}})
    return (
        *_same_twice(candidate, plugin, on),
        *_words(on),
        *_ids(plugin, on),
        *_settings(host, plugin),
        *_off(host, plugin),
        *_two_tenants(candidate, plugin),
        *_graver_is_sooner(on),
    )


def _declared(plugins: TenantPlugins) -> dict[str, tuple[Any, ...]]:
    return {spec.name: plugins.declared(spec) for spec in SPECS if spec.kind == "declare"}


def _same_twice(candidate: Candidate, plugin: Plugin, on: TenantPlugins) -> Iterator[Finding]:
    again = _declared(PluginHost.load([candidate]).for_tenant(_A, 1, {plugin.id: {}}))
    for hook, records in _declared(on).items():
        if records != again[hook]:
            yield Finding("D1", f"{hook} declares something else the second time")


def _words(on: TenantPlugins) -> Iterator[Finding]:
    for hook, contributions in _declared(on).items():
        if hook == "demo_data":  # names and answers of sample people, as they would type them
            continue
        for contribution in contributions:
            for path, text in _texts(msgspec.to_builtins(contribution.value), hook):
                missing = set(LOCALES) - set(text) if isinstance(text, dict) else set()
                if missing or (isinstance(text, str) and _CHINESE.search(text)):
                    yield Finding("D2", f"{path} has words in one language only")


def _texts(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every text of a record: maps by locale, and plain strings that a person would read."""
    if isinstance(node, dict):
        if node and all(isinstance(value, str) for value in node.values()) and set(node) & set(LOCALES):
            yield path, node
            return
        for key, value in node.items():
            if key not in _NOT_WORDS:
                yield from _texts(value, f"{path}.{key}")
    elif isinstance(node, list | tuple):
        for place, value in enumerate(node):
            yield from _texts(value, f"{path}[{place}]")
    elif isinstance(node, str):
        yield path, node


def _ids(plugin: Plugin, on: TenantPlugins) -> Iterator[Finding]:
    for hook, contributions in _declared(on).items():
        for contribution in contributions:
            local = str(getattr(contribution.value, "id", "")).removeprefix(f"{plugin.id}.")
            if local and not _LOCAL_ID.fullmatch(local):
                yield Finding("D3", f"{hook}: id {local!r} is not lower-case letters, digits and underscores")


def _settings(host: PluginHost, plugin: Plugin) -> Iterator[Finding]:
    for name, part in settings_schema(plugin.settings).get("properties", {}).items():
        title = part.get("x-title")
        if not isinstance(title, dict) or set(LOCALES) - set(title):
            yield Finding("S1", f"setting {name} has no title in {' and '.join(LOCALES)}")
    try:
        host.check_settings(plugin.id, {})
    except InvalidInput as error:
        yield Finding("S2", f"the default settings cannot be saved: {error}")


def _off(host: PluginHost, plugin: Plugin) -> Iterator[Finding]:
    off = host.for_tenant(_B, 1, {})
    if off.is_on(plugin.id):
        yield Finding("I1", "it is on for a tenant that never switched it on")
    for spec in SPECS:
        if plugin.id in off.listeners(spec) or any(c.plugin == plugin.id for c in off.declared(spec)):
            yield Finding("I1", f"{spec.name} reaches a tenant that has it off")


def _two_tenants(candidate: Candidate, plugin: Plugin) -> Iterator[Finding]:
    together, alone = PluginHost.load([candidate]), PluginHost.load([candidate])
    expected = _declared(alone.for_tenant(_A, 1, {plugin.id: {}}))
    for epoch in (1, 2):
        together.for_tenant(_B, epoch, {} if epoch == 1 else {plugin.id: {}})
        if _declared(together.for_tenant(_A, epoch, {plugin.id: {}})) != expected:
            yield Finding("I2", "another tenant in between changes what a tenant gets")


def _graver_is_sooner(on: TenantPlugins) -> Iterator[Finding]:
    policies = sorted((c.value for c in on.declared(complaint_policies)), key=lambda p: severity_rank(p.severity))
    for milder, graver in itertools.pairwise(policies):
        budgets = {m.id: m.minutes for m in milder.milestones if m.minutes is not None}
        for milestone in graver.milestones:
            if milestone.minutes is not None and milestone.minutes > budgets.get(milestone.id, milestone.minutes):
                yield Finding("V1", f"{milestone.id} is due later on {graver.severity} than on {milder.severity}")
