"""A contract that is no valid OpenAPI document is refused with the place."""

from pathlib import Path

import pytest
from devkit.tests.contract.books import CONTRACT, load

from service_devkit.contract.document import ContractError, faults


def test_invalid_contract_is_told_with_its_place(tmp_path: Path) -> None:
    contract = load(tmp_path, CONTRACT.replace("in: query", "in: body"))

    assert any("components > parameters > Limit" in fault for fault in faults(contract))


def test_another_version_of_openapi_is_refused(tmp_path: Path) -> None:
    contract = load(tmp_path, CONTRACT.replace("openapi: 3.1.0", "openapi: 3.0.3"))

    assert list(faults(contract)) == ["openapi: must be 3.1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- 1", "is not a mapping"),
        ("paths: {", "cannot be read"),
        ("paths: {}\npaths: {}", "line 2: the key 'paths' stands twice"),
    ],
)
def test_unreadable_contract_is_refused_with_the_reason(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ContractError, match=expected):
        load(tmp_path, text)
