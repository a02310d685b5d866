"""Who may do what: permissions, and the roles that grant them. Code, so that a change is reviewed as one."""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """What a caller may do, as `noun:verb`."""

    # Updates of the template add above this line, `just scaffold` below the next two: git merges what stands three lines apart.
    PROFILE_READ = "profile:read"
    PROFILE_WRITE = "profile:write"
    # {% if cookiecutter.example %}
    PLANS_READ = "plans:read"
    PLANS_WRITE = "plans:write"
    # {% endif %}


class Role(StrEnum):
    """What a person is to the service; everybody begins as a member."""

    MEMBER = "member"
    STAFF = "staff"
    VIEWER = "viewer"
    BLOCKED = "blocked"


# What each role may do, a line for each noun. What does not stand here is granted to nobody: a new permission, or a new role, may nothing yet.
_TABLE: tuple[tuple[Role, *tuple[Permission, ...]], ...] = (
    # Updates of the template add above this line, `just scaffold` below the next three.
    (Role.MEMBER, Permission.PROFILE_READ, Permission.PROFILE_WRITE),
    (Role.STAFF, Permission.PROFILE_READ, Permission.PROFILE_WRITE),
    (Role.VIEWER, Permission.PROFILE_READ),
    # {% if cookiecutter.example %}
    (Role.MEMBER, Permission.PLANS_READ, Permission.PLANS_WRITE),
    (Role.STAFF, Permission.PLANS_READ, Permission.PLANS_WRITE),
    (Role.VIEWER, Permission.PLANS_READ),
    # {% endif %}
)
GRANTS: Mapping[Role, frozenset[Permission]] = {
    role: frozenset(permission for holder, *permissions in _TABLE if holder is role for permission in permissions)
    for role in Role
}


def granted(role: Role, limit: frozenset[Permission] | None) -> frozenset[Permission]:
    """What a role grants, less what the caller's credentials leave out; None leaves nothing out."""
    return GRANTS[role] if limit is None else GRANTS[role] & limit
