"""The kit's fixtures: project, host, tenant, other_tenant, make_tenant, clock, factories, database, faults."""

pytest_plugins = ["plugins.testing.fixtures"]
