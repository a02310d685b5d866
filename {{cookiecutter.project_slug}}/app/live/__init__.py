"""Live updates: what the transactions of all processes notify of, passed on to the callers who are connected to this one."""
