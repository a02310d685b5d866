"""Every variant without a bake: which files it has, and what each of them says.

The rule: a file is there if it has no owner or one of its owners is chosen, and its text depends on the answers that it names and on
nothing else. So the work grows with what each file names, not with the product of all questions. `tests/test_every_variant.py` holds
bakes, other ones in each run, to this rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path, PurePosixPath

from cookiecutter.generate import generate_context, is_copy_only_path
from cookiecutter.prompt import prompt_for_config
from cookiecutter.utils import create_env_with_context
from jinja2 import Environment, Template
from post_gen_project import files_of, is_chosen

from tests.variants import Answer, Variant, choices, contradicts_itself

NAMED = re.compile(r"cookiecutter\.(\w+)")
QUESTION = re.compile(r"(\w+)=")
ASKED = re.compile(r"# \{% if .*? %\}")


@dataclass(frozen=True)
class Text:
    """A file as some variants have it: those that give these answers to the questions that it names."""

    name: str
    answers: Variant
    content: bytes


@dataclass
class Source:
    """A template as it stands: its questions, its files, and who owns them."""

    template: Path

    @cached_property
    def questions(self) -> dict[str, object]:
        """The template's `cookiecutter.json`."""
        read: dict[str, object] = json.loads((self.template / "cookiecutter.json").read_text(encoding="utf-8"))
        return read

    @cached_property
    def choices(self) -> dict[str, list[Answer]]:
        """Every question with a fixed set of answers, the default first."""
        return choices(self.questions)

    @cached_property
    def tree(self) -> Path:
        """The service with every option in it."""
        (folder,) = self.template.glob("{{*}}")
        return folder

    @cached_property
    def sources(self) -> dict[str, bytes]:
        """What every file of the tree holds before a bake."""
        paths = sorted(path for path in self.tree.rglob("*") if path.is_file())
        return {path.relative_to(self.tree).as_posix(): path.read_bytes() for path in paths}

    @cached_property
    def owners(self) -> dict[str, list[str]]:
        """Every file with those of which one must be chosen for it to stay; the hook itself reads the patterns."""
        table = self.questions["_owned_paths"]
        if not isinstance(table, dict):
            raise TypeError("_owned_paths must be a table")
        found: dict[str, list[str]] = {name: [] for name in self.sources}
        for owner, patterns in table.items():
            for path in files_of(self.tree, patterns):
                found[path.relative_to(self.tree).as_posix()].append(owner)
        return found

    @cached_property
    def named(self) -> dict[str, list[str]]:
        """The questions that each file names, also by way of what is computed from answers: those whose answers are fixed."""
        return {
            name: [question for question in self.choices if question in self._names(content.decode("utf-8", "replace"))]
            for name, content in self.sources.items()
        }

    def _names(self, text: str) -> set[str]:
        found = set(NAMED.findall(text))
        return found.union(*(self._names(str(self.questions[name])) for name in found if name.startswith("__")))

    @cached_property
    def composition(self) -> list[str]:
        """The files whose text is not the same in every variant."""
        return [name for name, questions in self.named.items() if questions]


@dataclass
class Computation(Source):
    """The services that can come of a template."""

    _templates: dict[str, Template] = field(default_factory=dict)

    @cached_property
    def _context(self) -> dict[str, object]:
        context = generate_context(context_file=str(self.template / "cookiecutter.json"))
        answers = dict(prompt_for_config(context, no_input=True))
        return answers | {"_jinja2_env_vars": self.questions.get("_jinja2_env_vars", {})}

    @cached_property
    def _environment(self) -> Environment:
        environment: Environment = create_env_with_context({"cookiecutter": self._context})
        return environment

    def text(self, name: str, answers: Variant) -> bytes:
        """A file as a bake with these answers leaves it. Only the answers that the file names are given to it: the others keep their defaults."""
        content = self.sources[name]
        if b"\0" in content or name in self._copied:
            return content
        if name not in self._templates:
            self._templates[name] = self._environment.from_string(content.decode())
        given = {question: answers[question] for question in self.named[name] if question in answers}
        return self._templates[name].render(cookiecutter=self._context | given).encode()

    @cached_property
    def _copied(self) -> set[str]:
        """The files that cookiecutter copies as they are."""
        return {name for name in self.sources if self._is_copied(name)}

    def _is_copied(self, name: str) -> bool:
        """Whether cookiecutter copies the file, or a folder around it, as it is."""
        path = PurePosixPath(name)
        return any(is_copy_only_path(str(part), {"cookiecutter": self._context}) for part in (path, *path.parents[:-1]))

    def variants(self) -> list[Variant]:
        """Every combination of the answers that own files."""
        return self.combinations(self.owning(*self.owners))

    def combinations(self, questions: Iterable[str]) -> list[Variant]:
        """Every combination of the answers to these questions."""
        asked = set(questions)
        names = [name for name in self.choices if name in asked]
        found = [dict(zip(names, values, strict=True)) for values in product(*(self.choices[name] for name in names))]
        return [variant for variant in found if not contradicts_itself(variant)]

    def has(self, variant: Variant, name: str) -> bool:
        """Whether the variant, which answers the questions of the file's owners, has the file."""
        return not self.owners[name] or any(is_chosen(owner, variant) for owner in self.owners[name])

    @cached_property
    def _all_owners(self) -> set[str]:
        return {owner for owners in self.owners.values() for owner in owners}

    def files(self, variant: Variant) -> frozenset[str]:
        """The exact files of a variant."""
        answers = {name: values[0] for name, values in self.choices.items()} | variant
        chosen = {owner for owner in self._all_owners if is_chosen(owner, answers)}
        return frozenset(name for name, owners in self.owners.items() if not owners or not chosen.isdisjoint(owners))

    def contents(self, variant: Variant) -> dict[str, bytes]:
        """A whole service."""
        return {name: self.text(name, variant) for name in sorted(self.files(variant))}

    def owning(self, *names: str) -> set[str]:
        """The questions on which it depends whether these files are there."""
        return {question for name in names for owner in self.owners[name] for question in QUESTION.findall(owner)}

    def cases(self, name: str) -> list[Variant]:
        """Every combination of answers in which a file is there and its text may differ.

        A question of which only the value is put in, and no condition asks, does not multiply them: its answers take turns.
        """
        tags = ASKED.findall(self.sources[name].decode("utf-8", "replace"))
        asked = {question for tag in tags for question in NAMED.findall(tag)}
        values = [question for question in self.named[name] if question not in asked]
        found = [case for case in self.combinations(asked | self.owning(name)) if self.has(case, name)]
        longest = max((len(self.choices[question]) for question in values), default=1)
        found *= -(-longest // len(found))
        return [
            case | {each: self.choices[each][turn % len(self.choices[each])] for each in values if each not in case}
            for turn, case in enumerate(found)
        ]

    def texts(self) -> Iterator[Text]:
        """Every different text of every file, once, with the first answers that give it."""
        for name in self.sources:
            seen: set[bytes] = set()
            for case in self.cases(name):
                content = self.text(name, case)
                if content not in seen:
                    seen.add(content)
                    yield Text(name, case, content)
