"""The commands that print a ready header."""

import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from service_devkit.environment import secrets_in
from service_devkit.sign_in import SignIn, require_development

COMMAND = """
import click

@click.command()
@click.argument("name", default="somebody")
def {name}(name):
    if name == "13":
        raise {error}("13 is unlucky")
    click.echo(f"Authorization: {name} {{name}}")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with two ways to sign in."""
    name = f"ways_of_{tmp_path.name}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    for way, error in (("badge", "click.ClickException"), ("key", "RuntimeError")):
        (tmp_path / name / f"{way}.py").write_text(COMMAND.format(name=way, error=error))
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


@pytest.fixture
def sign_in(package: str, tmp_path: Path) -> SignIn:
    return SignIn(package, [str(tmp_path / package)])


def test_each_module_is_a_command(sign_in: SignIn) -> None:
    result = CliRunner().invoke(sign_in, ["key", "Ada"])

    assert list(sign_in.commands) == ["badge", "key"]
    assert result.output == "Authorization: key Ada\n"


def test_person_is_given_a_role_before_the_header_is_printed(package: str, tmp_path: Path) -> None:
    given: list[tuple[str, str]] = []
    sign_in = SignIn(
        package, [str(tmp_path / package)], roles=["staff"], give_role=lambda who, role: given.append((who, role))
    )

    result = CliRunner().invoke(sign_in, ["key", "Ada", "--role", "staff"])
    without = CliRunner().invoke(sign_in, ["key", "Bea"])
    wrong = CliRunner().invoke(sign_in, ["key", "Ada", "--role", "king"])

    assert given == [("key Ada", "staff")]
    assert (result.output, without.output) == ("Authorization: key Ada\n", "Authorization: key Bea\n")
    assert (wrong.exit_code, "'king' is not 'staff'" in wrong.output) == (2, True)
    assert sign_in.authorizations(7) == {"badge": "badge 7", "key": "key 7"}


def test_there_is_a_person_for_each_role_and_each_way_that_the_service_takes(package: str, tmp_path: Path) -> None:
    given: list[tuple[str, str]] = []

    def give_role(who: str, role: str) -> None:
        if who.startswith("badge"):
            raise RuntimeError("no badges here")
        given.append((who, role))

    sign_in = SignIn(package, [str(tmp_path / package)], roles=["member", "staff"], give_role=give_role)

    assert sign_in.authorizations_by_role() == {"key as member": "key 1", "key as staff": "key 2"}
    assert given == [("key 1", "member"), ("key 2", "staff")]


def test_header_of_some_developer_and_of_one_of_many(sign_in: SignIn) -> None:
    assert sign_in.authorizations() == {"badge": "badge somebody", "key": "key somebody"}
    assert sign_in.authorizations(7) == {"badge": "badge 7", "key": "key 7"}
    assert sign_in.authorizations_by_role() == sign_in.authorizations()


@pytest.mark.parametrize("way", ["badge", "key"])
def test_command_that_cannot_sign_says_why(sign_in: SignIn, way: str) -> None:
    sign_in.commands = {way: sign_in.commands[way]}

    with pytest.raises(click.ClickException, match="13 is unlucky"):
        sign_in.authorizations(13)


def test_secrets_of_every_module_come_together(package: str, tmp_path: Path) -> None:
    for way in ("badge", "key"):
        (tmp_path / package / f"{way}.py").write_text(f"DEVELOPMENT_SECRETS = {{'{way.upper()}': lambda: '{way}'}}\n")
    sys.modules.pop(f"{package}.key", None)

    secrets = secrets_in(package, [str(tmp_path / package)])

    assert {name: make() for name, make in secrets.items()} == {"BADGE": "badge", "KEY": "key"}


@pytest.mark.parametrize(("deployed", "known"), [(True, {"signing_key"}), (False, set()), (False, {"other_key"})])
def test_credentials_are_made_in_development_with_its_secret_only(*, deployed: bool, known: set[str]) -> None:
    with pytest.raises(click.ClickException, match=r"only in development, with SIGNING_KEY in \.env"):
        require_development("SIGNING_KEY", deployed=deployed, known=known)


def test_development_secret_that_is_set_is_enough() -> None:
    require_development("SIGNING_KEY", deployed=False, known={"signing_key"})
