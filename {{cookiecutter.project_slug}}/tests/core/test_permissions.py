"""What roles grant."""

import pytest

from app.core.permissions import Permission, Role, granted


def test_member_may_all_and_a_blocked_person_nothing() -> None:
    assert granted(Role.MEMBER, None) == set(Permission)
    assert granted(Role.BLOCKED, None) == set()


def test_viewer_reads_and_does_not_write() -> None:
    viewer = granted(Role.VIEWER, None)

    assert Permission.PROFILE_READ in viewer
    assert [permission for permission in viewer if not permission.endswith(":read")] == []


@pytest.mark.parametrize("role", Role)
def test_credentials_never_add_to_a_role(role: Role) -> None:
    assert granted(role, frozenset(Permission)) == granted(role, None)
    assert granted(role, frozenset()) == set()
