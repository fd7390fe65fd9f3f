"""Plugins that break one rule of the kit each."""
