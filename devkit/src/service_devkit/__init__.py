"""Developer commands and test fixtures for a FastAPI service on PostgreSQL. The service never imports them when it runs."""
