"""What a plugin says about itself: all that a tenant admin is asked to trust, as data."""

import re
import typing

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from core.hooks.records.text import LOCALES, Text

HOOK_API = "1.0"
"""The version of the hooks this product offers; a plugin pins a range of it, never the app's version."""

# No underscore: `x_<plugin>_<table>` must name its owner without doubt.
_ID = re.compile(r"[a-z][a-z0-9]{1,29}")
_LOCAL = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")


class NoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a plugin that has none."""


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest. `modules` (relative to the package) hold the hook implementations, imported at load."""

    id: str
    title: Text
    vendor: str
    version: str
    hook_api: str
    """PEP 440 range of the hook API, e.g. `>=1.0,<2`."""
    category: str
    summary: Text
    modules: tuple[str, ...]
    settings: type[msgspec.Struct] = NoSettings
    settings_version: int = 1
    tables: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    data_kinds: tuple[Text, ...] = ()
    """Which personal data it reads or keeps, in plain words."""
    contact: str = ""
    verticals: tuple[str, ...] = ()
    """Names of the trades it serves, for tools that ask by trade instead of by plugin."""


def manifest_problems(plugin: Plugin) -> tuple[str, ...]:
    """Return what is wrong with a manifest, in words for its vendor; empty when it is fine."""
    problems = []
    if not _ID.fullmatch(plugin.id):
        problems.append(f"id {plugin.id!r} is not 2 to 30 lower-case letters and digits")
    try:
        Version(plugin.version)
    except InvalidVersion:
        problems.append(f"version {plugin.version!r} is no version")
    try:
        SpecifierSet(plugin.hook_api)
    except InvalidSpecifier:
        problems.append(f"hook_api {plugin.hook_api!r} is no version range")
    problems += [f"module {name!r} is no module name" for name in plugin.modules if not _LOCAL.fullmatch(name)]
    problems += [
        f"table {name!r} does not start with x_{plugin.id}_"
        for name in plugin.tables
        if not name.startswith(f"x_{plugin.id}_")
    ]
    for name, text in (("title", plugin.title), ("summary", plugin.summary)):
        missing = set(LOCALES) - set(text if isinstance(text, dict) else ())
        if missing:
            problems.append(f"{name} has no words in {', '.join(sorted(missing))}")
    return (*problems, *_settings_problems(plugin.settings))


def _settings_problems(settings: type[msgspec.Struct]) -> list[str]:
    problems = []
    config = settings.__struct_config__
    if not config.frozen:
        problems.append(f"settings {settings.__name__} is not frozen")
    if not config.forbid_unknown_fields:
        problems.append(f"settings {settings.__name__} does not forbid unknown fields")
    try:
        typing.get_type_hints(settings)
        settings()
    except (NameError, TypeError) as error:
        problems.append(f"settings {settings.__name__} has no complete defaults: {error}")
    return problems


def is_compatible(plugin: Plugin, hook_api: str = HOOK_API) -> bool:
    """Tell whether the plugin was written for this version of the hooks."""
    return SpecifierSet(plugin.hook_api).contains(hook_api, prereleases=True)
