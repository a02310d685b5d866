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
    VIEWER = "viewer"
    BLOCKED = "blocked"


GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.MEMBER: frozenset(Permission),
    Role.VIEWER: frozenset(permission for permission in Permission if permission.endswith(":read")),
    Role.BLOCKED: frozenset(),
}


def granted(role: Role, limit: frozenset[Permission] | None) -> frozenset[Permission]:
    """What a role grants, less what the caller's credentials leave out; None leaves nothing out."""
    return GRANTS[role] if limit is None else GRANTS[role] & limit
