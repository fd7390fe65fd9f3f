"""What every test may ask for: servers, tenants in one transaction per test, and the web application."""

import pytest

pytest_plugins = ["tests.services", "tests.workplaces", "tests.webapp", "tests.second_try"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, so that no process waits at the end for another's walk through all pages."""
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in ("browser", "chaos")))
