"""The `anxin` command: every sub-command has a module of its own."""
