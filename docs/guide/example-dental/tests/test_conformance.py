"""One test for each rule of the kit, up to the level in conformance.toml."""

from plugins.testing.suite import Conformance


class TestConformance(Conformance):
    """Add tests of your own beside it."""
