"""The clocks of complaints: one per milestone and cycle, each a pure fold of its events."""
