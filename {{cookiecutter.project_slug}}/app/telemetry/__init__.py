"""Traces and metrics. Whatever becomes of the collector, requests and restarts do not wait for it."""
