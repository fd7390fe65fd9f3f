"""The vendor kit: checks that a plugin keeps the rules of the API, each with a stable id."""

from core.hooks.loader import Candidate
from plugins.testing.conformance import Finding, conformance

__all__ = ["Candidate", "Finding", "conformance"]
