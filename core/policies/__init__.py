"""What complaints are promised: the plugins' policies, the tenant's changes over them, and calendars, each in versions."""
