"""What a session token says about the organisation that a person acts for, in terms of our permissions.

Source of the claims: https://clerk.com/docs/guides/sessions/session-tokens. Version 2 has them in `o` and `fea`, version 1 in `org_...`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from app.core.permissions import Permission

Claims = Mapping[str, object]

# What a role of an organisation grants by itself; other roles grant what Clerk lists with them. Code, so that a change is reviewed.
ORGANISATION_ROLES: Mapping[str, frozenset[Permission]] = {
    "admin": frozenset(Permission),
    "member": frozenset(Permission),
}
_MASK = re.compile(r"[0-9]{1,30}")
_PREFIX: Final = "org:"


def permissions_of(claims: Claims) -> frozenset[Permission] | None:
    """At most what the person may do for the active organisation; None without one. What cannot be read grants nothing."""
    if claims.get("o") is not None:
        organisation = claims["o"]
        return _version_2(claims, organisation) if isinstance(organisation, dict) else frozenset()
    if claims.get("org_id") is not None:
        return _version_1(claims)
    return None


def _version_1(claims: Claims) -> frozenset[Permission]:
    listed = claims.get("org_permissions")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    keys = {name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)}
    return _of_role(claims.get("org_role")) | _ours(keys)


def _version_2(claims: Claims, organisation: Claims) -> frozenset[Permission]:
    features, masks = _texts(claims.get("fea")), _texts(organisation.get("fpm"))
    permissions = _texts(organisation.get("per"))
    return _of_role(organisation.get("rol")) | _ours(set(_decoded(features, masks, permissions)))


def _decoded(features: list[str], masks: list[str], permissions: list[str]) -> Iterator[str]:
    """`feature:permission` for each bit that is set: bit n, from the lowest, of a feature's mask grants permission n.

    A feature is written as `SCOPES:NAME`; the masks belong to the features in the order of the list.
    """
    for feature, mask in zip(features, masks, strict=False):
        scopes, _, name = feature.partition(":")
        if "o" in scopes and _MASK.fullmatch(mask):
            yield from (f"{name}:{key}" for bit, key in enumerate(permissions) if int(mask) >> bit & 1)


def _of_role(role: object) -> frozenset[Permission]:
    name = role.removeprefix(_PREFIX) if isinstance(role, str) else ""
    return ORGANISATION_ROLES.get(name, frozenset())


def _ours(keys: set[str]) -> frozenset[Permission]:
    return frozenset(permission for permission in Permission if permission in keys)


def _texts(value: object) -> list[str]:
    return value.split(",") if isinstance(value, str) else []
