"""Tests of the service and of its developer commands."""
