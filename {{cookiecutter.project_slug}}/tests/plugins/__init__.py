"""Fixtures, one module per subject; `tests/conftest.py` lists them."""
