"""Verbs of visits, by what they change."""
