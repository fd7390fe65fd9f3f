"""Working time: what a calendar is, when it is open, and how deadlines are counted in it."""
