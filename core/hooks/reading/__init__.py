"""Reads what customers write: spelling, clauses, denial, hearsay, sums, and the signals a vertical looks for."""
