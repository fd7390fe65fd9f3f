"""The three complaint levels of the emergency plan, a module each."""
