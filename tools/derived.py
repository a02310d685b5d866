"""Write what follows from `cookiecutter.json`: `python -m tools.derived [--check]`.

The README's table of questions; the lists of `docs/options`; `tests/owned_files.json`, which spells out the files behind each owner's
patterns so that a pattern that takes too much, or nothing, is seen in review; and `.devkit/example.json` of the service, by which devkit
takes its example out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

from tools import pages

REPOSITORY = Path(__file__).parents[1]
TREE = REPOSITORY / "{{cookiecutter.project_slug}}"
README = REPOSITORY / "README.md"
OPTIONS = REPOSITORY / "docs" / "options"
OWNED_FILES = REPOSITORY / "tests" / "owned_files.json"
EXAMPLE_PARTS = TREE / ".devkit"
EXAMPLE = "example=true"
# By what a line is known that mentions the example, in any case.
EXAMPLE_TRACE = r"study[ _-]?plan|\bplans[:_](?:read|write)\b"
EXAMPLE_BLOCK = re.compile(
    r"^ *# \{% if cookiecutter\.example(?: and cookiecutter\.(\w+))? %\}\n(.*?)\n *# \{% endif %\}$",
    re.DOTALL | re.MULTILINE,
)
TABLE = re.compile(r"(?<=<!-- questions -->\n).*?(?=<!-- /questions -->)", re.DOTALL)


def tree_files() -> list[str]:
    """Every file of the service that git knows or would take."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=TREE, capture_output=True, check=True)
    return sorted(
        {name for name in listed.stdout.decode().split("\0") if name and (TREE / name).is_file()}
    )  # thrice in a merge


def matches(name: str, pattern: str) -> bool:
    """Whether an owner's pattern takes a file: the file itself, a glob, or a folder around it."""
    parts = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.fullmatch(f"{parts}(?:/.*)?", name) is not None


def owned_files(questions: dict[str, object], files: list[str]) -> dict[str, list[str]]:
    """The files of each owner."""
    owned = questions["_owned_paths"]
    if not isinstance(owned, dict):
        raise TypeError("_owned_paths must be a table")
    return {
        owner: [name for name in files if any(matches(name, pattern) for pattern in patterns)]
        for owner, patterns in owned.items()
    }


def example_parts(files: list[str], owned: list[str], other: str) -> dict[str, object]:
    """What the example, or it together with another answer, is made of: whole files, and blocks of lines in files of others."""
    texts = {name: (TREE / name).read_bytes().decode("utf-8", "replace") for name in files}
    found = {
        name: [block for with_it, block in EXAMPLE_BLOCK.findall(text) if with_it == other]
        for name, text in texts.items()
    }
    return {
        "trace": EXAMPLE_TRACE,
        "files": owned,
        "blocks": {name: [block_of(text) for text in blocks] for name, blocks in found.items() if blocks},
    }


def parts_of_the_example(files: list[str], owned: dict[str, list[str]]) -> dict[Path, str]:
    """The files by which devkit takes the example out: of itself, and of it and another answer, `example_llm.json`."""
    written: dict[Path, str] = {}
    for owner, names in owned.items():
        answers = owner.split(" and ")
        if EXAMPLE in answers:
            others = [answer.partition("=")[0] for answer in answers if answer != EXAMPLE]
            parts = example_parts(files, names, "".join(others))
            if others:
                needed = {name for answer in answers if answer != EXAMPLE for name in owned.get(answer, ())}
                parts["keeps"] = [name for name in owned[EXAMPLE] if name in needed]
            name = "_".join(["example", *others])
            written[EXAMPLE_PARTS / f"{name}.json"] = json.dumps(parts, indent=2, ensure_ascii=False) + "\n"
    return written


def block_of(text: str) -> dict[str, str | int]:
    """By what a service finds a block again. An answer in it would change its digest."""
    if "{{" in text:
        raise ValueError(f"an answer stands in a block of the example: {text}")
    lines = text.split("\n")
    return {"first": lines[0], "lines": len(lines), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def table_of_questions(questions: dict[str, object], prompts: dict[str, str | dict[str, str]]) -> str:
    """The questions as a Markdown table."""
    rows = ["| answer | what it is | accepted, the default first |", "| --- | --- | --- |"]
    for name, default in questions.items():
        if not name.startswith("_"):
            label = prompts[name]
            link = f"[`{name}`](docs/options/{pages.page_of(name, default)}.md)"
            what = label if isinstance(label, str) else label["__prompt__"]
            rows.append(f"| {link} | {what} | {accepted(name, default, label)} |")
    return "\n".join(["", *rows, "", ""])


def accepted(name: str, default: object, label: str | dict[str, str]) -> str:
    """What one question accepts."""
    if isinstance(default, bool):
        return "`yes`, `no`" if default else "`no`, `yes`"
    if isinstance(default, list) and isinstance(label, dict):
        worth_saying = {choice: label[choice] for choice in default if ":" in label[choice]}
        return "; ".join(
            f"`{choice}` ({worth_saying[choice]})" if choice in worth_saying else f"`{choice}`" for choice in default
        )
    return "the name in lower case, with dashes" if name == "project_slug" else f"`{default}`"


def main() -> int:
    """Write it all, or say what is not current."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.derived", description="Write what follows from cookiecutter.json."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is not current")
    check = parser.parse_args().check
    questions = json.loads((REPOSITORY / "cookiecutter.json").read_text(encoding="utf-8"))
    files = tree_files()
    owned = owned_files(questions, files)
    table = table_of_questions(questions, questions["__prompts__"])
    wanted = {
        README: TABLE.sub(lambda _: table, README.read_text(encoding="utf-8")),
        OWNED_FILES: json.dumps(owned, indent=2) + "\n",
        **pages.current(OPTIONS, questions, owned, pages.texts_of(TREE, files)),
        **parts_of_the_example(files, owned),
    }
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{'Not current' if check else 'Written'}: {path.relative_to(REPOSITORY)}")
        if not check:
            path.write_text(wanted[path], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
