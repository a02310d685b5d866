"""Tests of what every service runs on and no team edits: copied into a bake as `tests/mechanism`, and run there by `tests/test_mechanism.py`."""
