"""Forms for rules: one table of fields per kind, from which reading, writing and showing follow; nobody types JSON."""
