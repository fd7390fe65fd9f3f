"""The reports of loyalty: each one grouped statement, whatever the size of the tenant."""
