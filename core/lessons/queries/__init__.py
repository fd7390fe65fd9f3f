"""Reads what was learnt."""
