"""Outgoing webhooks: what happened is told to addresses of the tenant, signed, again and again until it is heard."""
