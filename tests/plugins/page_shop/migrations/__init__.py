"""The branch of migrations of a plugin for tests."""
