"""The vendor kit: checks that a plugin keeps the rules of the API, each with a stable id."""

from plugins.testing.conformance import Finding, conformance

__all__ = ["Finding", "conformance"]
