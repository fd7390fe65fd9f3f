"""What every test may ask for; the servers come from tests.services."""

pytest_plugins = ["tests.services"]
