"""Tests of the real server: its process, its socket, and a PostgreSQL that is stopped, killed and frozen under it."""
