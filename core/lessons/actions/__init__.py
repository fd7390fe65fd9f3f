"""Closes cases, names causes, changes what was wrong, and writes the library."""
