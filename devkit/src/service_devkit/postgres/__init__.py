"""A real PostgreSQL without an installed server: one that lasts for development, throw-away ones for tests."""
