"""Licences: what is not allowed is named, and so is an exception that nobody needs."""

import shutil
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest

from dev.licences import ROOT, is_allowed, licence_of, main, needed, refused

ALLOWED = {"MIT", "PSF-2.0", "Apache-2.0", "MIT License"}


@pytest.mark.parametrize("licence", ["MIT", "MIT OR GPL-3.0-only", "GPL-3.0-only OR MIT", "MIT AND PSF-2.0", "(MIT)"])
def test_licence_with_an_allowed_alternative_is_allowed(licence: str) -> None:
    assert is_allowed(licence, ALLOWED)


@pytest.mark.parametrize(
    "licence",
    [
        "",
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "(MIT OR Apache-2.0) AND GPL-3.0-only",
        "Apache-2.0 WITH Own-exception",
    ],
)
def test_licence_that_asks_for_more_is_not_allowed(licence: str) -> None:
    assert not is_allowed(licence, ALLOWED)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("License-Expression", "MIT"), ("Classifier", "License :: OSI Approved :: BSD License")], "MIT"),
        (
            [
                ("Classifier", "Programming Language :: Python"),
                ("Classifier", "License :: OSI Approved :: MIT License"),
                ("Classifier", "License :: OSI Approved :: Apache Software License"),
            ],
            "MIT License OR Apache Software License",
        ),
        ([("License", "BSD-3-Clause\n  and its whole text")], "BSD-3-Clause"),
        ([], ""),
    ],
)
def test_licence_is_the_most_exact_that_a_package_tells(
    monkeypatch: pytest.MonkeyPatch, headers: list[tuple[str, str]], expected: str
) -> None:
    message = Message()
    for name, value in headers:
        message[name] = value
    monkeypatch.setattr(metadata, "metadata", lambda _: message)

    assert licence_of("package") == expected


def test_needed_follows_requirements_and_extras_and_leaves_out_other_platforms() -> None:
    names = needed(["sqlalchemy[asyncio]>=2", "colorama>=1; sys_platform == 'nowhere'"])

    assert {"sqlalchemy", "greenlet", "typing-extensions"} <= names
    assert not {"colorama", "pytest", "psycopg2"} & names


def test_refused_names_the_package_with_its_licence() -> None:
    found = refused({"good": "MIT", "strict": "GPL-3.0-only", "silent": ""}, ALLOWED, {})

    assert list(found) == ["silent: tells no licence", "strict: GPL-3.0-only"]


def test_exception_counts_only_with_a_reason_and_while_it_is_needed() -> None:
    licences = {"good": "MIT", "strict": "GPL-3.0-only", "other": "GPL-3.0-only"}

    found = refused(licences, ALLOWED, {"good": "bought", "strict": " ", "other": "bought", "gone": "bought"})

    assert list(found) == [
        "the exception for good is not needed: remove it",
        "the exception for strict has no reason",
        "the exception for gone is not needed: remove it",
    ]


def test_gate_fails_on_a_licence_that_the_project_does_not_allow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(project.replace('"PSF-2.0"', '"other"'), encoding="utf-8")

    with pytest.raises(SystemExit, match="1"):
        main(tmp_path)

    assert "typing-extensions: PSF-2.0\n" in capsys.readouterr().out


def test_gate_passes_on_this_service(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")

    with pytest.raises(SystemExit, match="0"):
        main(tmp_path)


def test_package_that_is_not_installed_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["not-there"]\n[tool.licences]\nallow = []\n')

    with pytest.raises(SystemExit, match="not-there is not installed: uv sync"):
        main(tmp_path)
