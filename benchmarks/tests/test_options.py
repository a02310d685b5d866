"""`benchmarks options`."""

import re

from click.testing import CliRunner

from benchmarks.commands import options as command


def test_each_option_stands_beside_the_same_requests_without_it() -> None:
    result = CliRunner().invoke(command.options, ["--rounds", "1", "--seconds", "0.1", "--rows", "1000"])

    assert result.exit_code == 0, result.output
    rows = [line for line in result.stdout.splitlines() if re.search(r"\| \d+ \| \d+ \| \d\.\d\d \|", line)]
    assert [row.split("|")[1].strip() for row in rows] == [
        "list: off twice",
        "list: Accept-Language: fr",
        "an error: Accept-Language: fr",
        "list: 10 live connections open",
        "list: REDIS_URL set",
    ]
