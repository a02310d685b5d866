"""Refuses statements that block a live database or break the version of the service that still runs.

The SQL of each revision goes through Squawk (https://squawkhq.com/docs/rules). Where a revision may do so all the same,
it says why, in a comment of its own: `# squawk: ignore RULE: REASON`.
"""

import io
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from alembic import command
from alembic.config import Config
from alembic.script import Script

from dev.gates import executable
from dev.migrations.database import in_thread
from dev.migrations.history import path_of, revisions

# The oldest PostgreSQL that the service may meet.
POSTGRES: Final = "15.0"
EXCLUDED: Final = {
    "prefer-text-field": "a limit on the length is a promise of the contract; a longer one rewrites nothing",
    "prefer-bigint-over-int": "the model chooses the size of a number",
    "prefer-bigint-over-smallint": "as above",
    "require-lock-timeout": "alembic/env.py sets it for every revision",
    "require-statement-timeout": "as above",
}
COMMENT: Final = re.compile(r"^[ \t]*#[ \t]*squawk:.*$", re.MULTILINE)
WAIVER: Final = re.compile(r"# squawk: ignore (?P<rule>[a-z-]+): (?P<reason>\S.*)")


class Finding(TypedDict):
    """What Squawk tells about one statement, as far as it is used here."""

    line: int
    message: str
    help: str | None
    rule_name: str


@dataclass(frozen=True)
class Waiver:
    """A rule that a revision may break."""

    rule: str
    line: int


def dangerous_statements(config: Config) -> Iterator[str]:
    """The findings that no revision has waived, and the waivers that are wrong or waive nothing."""
    for script in revisions(config):
        try:
            sql = sql_of(config, script)
        except Exception as error:  # noqa: BLE001 - a revision may raise anything
            yield f"{path_of(script)}: cannot be written as SQL, so nothing can check it: {type(error).__name__}: {error}"
        else:
            yield from _unwaived(script, sql)


def sql_of(config: Config, script: Script) -> str:
    """The upgrade as a script for `psql`, without a database."""
    before = script.down_revision if isinstance(script.down_revision, str) else "base"
    buffer = io.StringIO()
    offline = Config(config.config_file_name, output_buffer=buffer, attributes=config.attributes)
    in_thread(lambda: command.upgrade(offline, f"{before}:{script.revision}", sql=True))
    return buffer.getvalue()


def _unwaived(script: Script, sql: str) -> Iterator[str]:
    path, source = path_of(script), Path(script.path).read_text(encoding="utf-8")
    waivers, findings = list(_waivers(source)), squawk(sql)
    waived, broken = {each.rule for each in waivers}, {each["rule_name"] for each in findings}
    yield from (f"{path}:{line}: write it as # squawk: ignore RULE: REASON" for line in _malformed(source))
    for waiver in waivers:
        if waiver.rule not in broken:
            yield f"{path}:{waiver.line}: waives {waiver.rule}, which nothing here breaks: delete the comment"
    for finding in findings:
        if finding["rule_name"] not in waived:
            yield _told(path, sql, finding)


def _told(path: str, sql: str, finding: Finding) -> str:
    statement = " ".join(sql.splitlines()[finding["line"] :]).partition(";")[0].strip()
    advice = f" {finding['help']}" if finding["help"] else ""
    return f"{path}: {finding['rule_name']}: {finding['message']}{advice}\n    {statement[:160]}"


def squawk(sql: str) -> list[Finding]:
    """What Squawk finds in a script."""
    exclude = [f"--exclude={rule}" for rule in EXCLUDED]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "revision.sql")
        script.write_text(sql, encoding="utf-8")
        result = subprocess.run(  # noqa: S603 - a tool of ours on a file of ours
            [executable("squawk"), "--reporter=json", f"--pg-version={POSTGRES}", *exclude, script],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    if not result.stdout.strip():
        raise RuntimeError(f"squawk did not run: {result.stderr.strip()}")
    findings: list[Finding] = json.loads(result.stdout)
    return findings


def _waivers(source: str) -> Iterator[Waiver]:
    for comment in COMMENT.finditer(source):
        if found := WAIVER.fullmatch(comment[0].strip()):
            yield Waiver(found["rule"], _line(source, comment))


def _malformed(source: str) -> Iterator[int]:
    for comment in COMMENT.finditer(source):
        if not WAIVER.fullmatch(comment[0].strip()):
            yield _line(source, comment)


def _line(source: str, match: re.Match[str]) -> int:
    return source.count("\n", 0, match.start()) + 1
