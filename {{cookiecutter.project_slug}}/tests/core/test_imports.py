"""Imports without the garbage collector."""

import gc

import pytest

from app.core.imports import without_collector


def test_collector_rests_in_the_block_and_works_again_after_it() -> None:
    with without_collector():
        assert not gc.isenabled()

    assert gc.isenabled()


def test_collector_works_again_after_an_import_that_fails() -> None:
    with pytest.raises(ImportError), without_collector():
        raise ImportError

    assert gc.isenabled()
