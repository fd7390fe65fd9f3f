"""Shifts: patterns with rotations, absences and swaps, and who is on duty by them."""
