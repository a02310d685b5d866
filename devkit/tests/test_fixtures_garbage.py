"""The fixtures module `garbage`, which the tests of devkit use themselves."""

import gc


def test_collector_looks_less_often_and_not_at_what_was_imported() -> None:
    assert gc.isenabled()
    assert gc.get_threshold() == (100_000, 50, 50)
    assert gc.get_freeze_count() > 0
