"""Speaks HTTP, decides nothing."""
