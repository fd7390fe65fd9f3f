"""What every test may ask for: servers, tenants in one transaction per test, and the web application."""

pytest_plugins = ["tests.services", "tests.workplaces", "tests.webapp"]
