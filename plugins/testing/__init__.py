"""The vendor kit: checks that a plugin keeps the rules of the API, each with a stable id."""

from core.hooks.loader import Candidate
from plugins.testing.conformance import check_project, conformance
from plugins.testing.findings import RULES, Finding, level_reached
from plugins.testing.project import Project, read_project

__all__ = ["RULES", "Candidate", "Finding", "Project", "check_project", "conformance", "level_reached", "read_project"]
