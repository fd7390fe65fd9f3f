"""The suite that a vendor subclasses: `class TestConformance(Conformance): ...`, one test per rule."""

import pytest

from plugins.testing.findings import LEVELS, RULES, Finding
from plugins.testing.project import Project


class Conformance:
    """Every rule up to the level that conformance.toml aims at; an exempted one is skipped with its reason."""

    @pytest.mark.parametrize("rule", RULES)
    def test_rule(self, rule: str, project: Project, findings: tuple[Finding, ...]) -> None:
        """The plugin keeps this rule."""
        level, words = RULES[rule]
        if LEVELS.index(level) > LEVELS.index(project.level):
            pytest.skip(f"{rule} is {level}; conformance.toml aims at {project.level}")
        found = [one for one in findings if one.rule == rule]
        if found and rule in project.exempt:
            pytest.skip(f"{rule} exempted: {project.exempt[rule]}")
        assert not found, f"{rule} ({words}):\n" + "\n".join(f"  {one.where} {one.text}" for one in found)
