"""The branch of migrations of the supplement shop."""
