"""Plays events against a program in memory and tells everything that came of it; nothing is stored."""
