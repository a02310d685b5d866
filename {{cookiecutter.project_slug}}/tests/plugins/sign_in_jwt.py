"""Signing in as anybody, with accounts with a password."""
