"""What is remembered for a moment."""

from app.core.recent import Recent


def test_value_is_remembered_until_its_time_is_over() -> None:
    now = 100.0
    recent = Recent[str, str](seconds=10, clock=lambda: now)
    recent.put("ada", "member")

    now = 109.9
    assert recent.get("ada") == "member"

    now = 110.0
    assert recent.get("ada") is None


def test_value_that_was_never_there_is_none() -> None:
    assert Recent[str, str](seconds=10).get("ada") is None


def test_nothing_is_remembered_for_no_time() -> None:
    recent = Recent[str, str](seconds=0)

    recent.put("ada", "member")

    assert recent.get("ada") is None


def test_newer_value_lasts_as_long_as_if_it_were_the_first() -> None:
    now = 100.0
    recent = Recent[str, str](seconds=10, clock=lambda: now)
    recent.put("ada", "member")

    now = 105.0
    recent.put("ada", "viewer")

    now = 114.9
    assert recent.get("ada") == "viewer"


def test_oldest_makes_room() -> None:
    recent = Recent[str, str](seconds=10, most=2)
    recent.put("ada", "member")
    recent.put("grace", "member")
    recent.put("ada", "viewer")

    recent.put("emilie", "member")

    assert (recent.get("ada"), recent.get("grace"), recent.get("emilie")) == ("viewer", None, "member")
