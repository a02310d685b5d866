"""What roles grant."""

import pytest

from app.core.permissions import Permission, Role, granted


def test_blocked_person_may_nothing() -> None:
    assert granted(Role.BLOCKED, None) == set()


@pytest.mark.parametrize("role", Role)
def test_credentials_never_add_to_a_role(role: Role) -> None:
    assert granted(role, frozenset(Permission)) == granted(role, None)
    assert granted(role, frozenset()) == set()
