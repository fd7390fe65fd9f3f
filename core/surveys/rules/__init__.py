"""Pure rules of surveys: figures, quarters, the monthly draw, calls and scripts."""
