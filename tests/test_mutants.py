"""The tables of mutants keep up with the code that they break."""

import importlib

import pytest

from tools.derived import TREE
from tools.mutants import Mutant
from tools.mutants.__main__ import SUBJECTS

TABLES = {name: importlib.import_module(f"tools.mutants.{name}") for name in SUBJECTS}
MUTANTS = [(name, mutant) for name, table in TABLES.items() for mutant in table.MUTANTS]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_subject_has_at_least_25_mutants_and_tests_that_are_there(subject: str) -> None:
    table = TABLES[subject]

    assert len(table.MUTANTS) >= 25
    assert [name for name in table.TESTS if not (TREE / name).exists()] == []


@pytest.mark.parametrize(("subject", "mutant"), MUTANTS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(MUTANTS)])
def test_mutant_changes_exactly_one_place(subject: str, mutant: Mutant) -> None:
    text = (TREE / mutant.file).read_text(encoding="utf-8")

    assert text.count(mutant.old) == 1, f"{subject}: {mutant.old}"
    assert mutant.new != mutant.old
