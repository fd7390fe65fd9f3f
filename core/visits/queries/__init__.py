"""Reads of visits, by what is read."""
