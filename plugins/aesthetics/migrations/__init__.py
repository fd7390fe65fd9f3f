"""The clinic's own tables, step by step."""
