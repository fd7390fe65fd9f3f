"""Credits that somebody else must look at first: more points than the giver's role may hand out alone."""
