"""What an active organisation lets its members do."""

import pytest

from app.auth.clerk_permissions import permissions_of
from app.core.permissions import Permission

READ, WRITE = Permission.PROFILE_READ, Permission.PROFILE_WRITE


def _version_2(
    fea: object = "o:profile", *, rol: object = "reader", per: object = "read,write", fpm: object = "1"
) -> dict[str, object]:
    return {"v": 2, "fea": fea, "o": {"id": "org_1", "slg": "one", "rol": rol, "per": per, "fpm": fpm}}


@pytest.mark.parametrize("claims", [{}, {"o": None}, {"org_id": None}, {"v": 2, "fea": "u:profile"}])
def test_without_an_organisation_nothing_is_left_out(claims: dict[str, object]) -> None:
    assert permissions_of(claims) is None


@pytest.mark.parametrize("role", ["admin", "member"])
def test_roles_that_every_organisation_has_grant_everything(role: str) -> None:
    assert permissions_of(_version_2(rol=role)) == frozenset(Permission)
    assert permissions_of({"org_id": "org_1", "org_role": f"org:{role}"}) == frozenset(Permission)


@pytest.mark.parametrize(
    ("claims", "granted"),
    [
        pytest.param(_version_2(), {READ}, id="the lowest bit is the first permission"),
        pytest.param(_version_2(fpm="2"), {WRITE}, id="the second bit is the second permission"),
        pytest.param(_version_2(fpm="3"), {READ, WRITE}, id="both bits"),
        pytest.param(_version_2(fpm="0"), set(), id="no bit"),
        pytest.param(_version_2("o:dashboard,o:profile", fpm="1,2"), {WRITE}, id="masks in the order of the features"),
        pytest.param(_version_2("o:dashboard,o:profile", fpm="3"), set(), id="a mask missing"),
        pytest.param(_version_2("o:profile", fpm="1,3"), {READ}, id="a mask too many"),
        pytest.param(_version_2("uo:profile"), {READ}, id="a feature of both scopes"),
        pytest.param(_version_2("u:profile"), set(), id="a feature of the user alone"),
        pytest.param(_version_2("profile"), set(), id="a feature without a scope"),
        pytest.param(_version_2("o:reports", per="read"), set(), id="a permission that is not ours"),
        pytest.param(_version_2(fpm="9" * 31), set(), id="a mask without end"),
        pytest.param(_version_2(fpm="\u0661"), set(), id="a mask in Arabic digits"),
        pytest.param(_version_2(fpm="-1"), set(), id="a negative mask"),
        pytest.param(_version_2(fpm=1), set(), id="a mask that is no text"),
        pytest.param(_version_2(per=["read"]), set(), id="permissions that are no text"),
        pytest.param(_version_2(["o:profile"]), set(), id="features that are no text"),
        pytest.param(_version_2(rol=["admin"]), {READ}, id="a role that is no text"),
        pytest.param({"o": "org_1"}, set(), id="an organisation that is no object"),
        pytest.param({"o": []}, set(), id="an organisation that is a list"),
    ],
)
def test_version_2_grants_what_its_masks_say(claims: dict[str, object], granted: set[Permission]) -> None:
    assert permissions_of(claims) == frozenset(granted)


@pytest.mark.parametrize(
    ("listed", "granted"),
    [
        pytest.param(["org:profile:read"], {READ}, id="one"),
        pytest.param(["org:profile:read", "org:profile:write", "org:other:read"], {READ, WRITE}, id="several"),
        pytest.param(["profile:read"], set(), id="without the prefix"),
        pytest.param([["org:profile:read"], 1], set(), id="no texts"),
        pytest.param("org:profile:read", set(), id="no list"),
        pytest.param(None, set(), id="none"),
    ],
)
def test_version_1_grants_what_it_lists(listed: object, granted: set[Permission]) -> None:
    claims = {"org_id": "org_1", "org_role": "org:reader", "org_permissions": listed}

    assert permissions_of(claims) == frozenset(granted)
