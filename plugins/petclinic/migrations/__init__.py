"""The plugin's own branch of migrations, with its own version table."""
