"""PostgreSQL and Valkey as child processes of our own, so that a bare machine needs no server."""
