"""Values that are kept for a short time."""

from app.core.ttl_cache import TTLCache


def test_value_is_kept_until_it_expires() -> None:
    now = 100.0
    cache = TTLCache[str, str](ttl=10, clock=lambda: now)
    cache.set("ada", "member")

    now = 109.9
    assert cache.get("ada") == "member"

    now = 110.0
    assert cache.get("ada") is None


def test_value_that_was_never_set_is_none() -> None:
    assert TTLCache[str, str](ttl=10).get("ada") is None


def test_nothing_is_kept_with_a_ttl_of_zero() -> None:
    cache = TTLCache[str, str](ttl=0)

    cache.set("ada", "member")

    assert cache.get("ada") is None


def test_newer_value_is_kept_for_the_whole_ttl() -> None:
    now = 100.0
    cache = TTLCache[str, str](ttl=10, clock=lambda: now)
    cache.set("ada", "member")

    now = 105.0
    cache.set("ada", "viewer")

    now = 114.9
    assert cache.get("ada") == "viewer"


def test_oldest_value_is_removed_at_the_maximum_size() -> None:
    cache = TTLCache[str, str](ttl=10, max_size=2)
    cache.set("ada", "member")
    cache.set("grace", "member")
    cache.set("ada", "viewer")

    cache.set("emilie", "member")

    assert (cache.get("ada"), cache.get("grace"), cache.get("emilie")) == ("viewer", None, "member")
