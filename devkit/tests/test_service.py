"""The service as developer commands start it."""

from pathlib import Path

from service_devkit.service import authorizations_of, development_environment


def test_headers_to_sign_in_with_are_whole(service: Path) -> None:
    environment = development_environment("postgresql://nobody@127.0.0.1:1/nothing")

    headers = authorizations_of(service, environment)

    assert headers
    assert all(len(header.split(" ", 1)) == 2 for header in headers)
