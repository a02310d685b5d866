"""Signing in as anybody, with Clerk."""
