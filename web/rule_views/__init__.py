"""The loyalty rules in words for pages: lines, differences, problems, effects, trials; above the forms of the rules."""
