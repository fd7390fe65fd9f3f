"""Pure rules of policies and calendars: what is declared, what a tenant changed, what is refused, what holds when."""
