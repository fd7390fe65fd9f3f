"""What changes about customers who stay away: the nightly look, cases, and offers to come back."""
