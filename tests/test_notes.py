"""The notes of a release are its section of the changelog."""

import pytest

from tools.notes import notes

CHANGELOG = """\
# Changelog

## Unreleased

## 1.10.0 - 2026-12-01

### Added

- Ten.

## [1.1.0-alpha.1] - 2026-11-30

- One.

## 1.0.0
"""


@pytest.mark.parametrize(("version", "expected"), [("1.10.0", "### Added\n\n- Ten."), ("1.1.0-alpha.1", "- One.")])
def test_notes_are_the_section_without_its_heading(version: str, expected: str) -> None:
    assert notes(CHANGELOG, version) == expected


@pytest.mark.parametrize(
    ("version", "expected"), [("1.1.0", "no section"), ("1.1", "no section"), ("1.0.0", "is empty")]
)
def test_version_without_notes_is_an_error(version: str, expected: str) -> None:
    with pytest.raises(SystemExit, match=expected):
        notes(CHANGELOG, version)
