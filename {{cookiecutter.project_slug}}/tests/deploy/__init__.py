"""Tests of what runs the service for others."""
