"""Pure rules of the work on a case: wording, macros and scripts, mentions, what changed meanwhile."""
