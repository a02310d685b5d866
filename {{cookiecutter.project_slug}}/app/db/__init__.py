"""The connection to PostgreSQL: addresses, engine, sessions, and what its errors mean."""
