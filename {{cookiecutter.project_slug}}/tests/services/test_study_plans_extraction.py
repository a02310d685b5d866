"""Which codes stand in a text, and what they are called there."""

import pytest

from app.services.study_plans_extraction import TooManyCodes, find_codes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MATH-101 Analysis", [("MATH-101", "Analysis")]),
        ("MATH101: Analysis", [("MATH-101", "Analysis")]),
        ("MATH 101 - Analysis", [("MATH-101", "Analysis")]),
        ("  3. CS-21B\tCompilers\t6 points", [("CS-21B", "Compilers")]),
        ("MATH-101 Analysis ........ 12", [("MATH-101", "Analysis")]),
        ("MATH-101    Analysis    Monday", [("MATH-101", "Analysis")]),
        ("MATH-101 الجبر", [("MATH-101", "الجبر")]),
        ("MATH-101 is needed for MATH-102.", [("MATH-101", ""), ("MATH-102", "")]),
        ("They take MATH-101 Analysis", [("MATH-101", "")]),
        ("see MATH-101\nMATH-101 Analysis\nMATH-101 Again", [("MATH-101", "Analysis")]),
        ("PHYS-204, MATH-101", [("PHYS-204", ""), ("MATH-101", "")]),
        ("MATH-101 " + "A" * 300, [("MATH-101", "A" * 200)]),
        ("MATH-101 Ana\x07lysis", [("MATH-101", "Ana")]),
    ],
)
def test_codes_are_found_with_the_labels_beside_them(text: str, found: list[tuple[str, str]]) -> None:
    assert [(each.code, each.label) for each in find_codes(text)] == found


@pytest.mark.parametrize(
    "text", ["", "math-101", "M-101", "MATH-1", "MATH 12", "MATH-12345", "XMATHEMATICS-101", "A.MATH-101", "MATH-101-2"]
)
def test_what_only_looks_like_a_code_is_none(text: str) -> None:
    assert find_codes(text) == []


def test_more_codes_than_a_plan_holds_are_refused() -> None:
    codes = [f"MATH-{number}" for number in range(1000, 1201)]

    assert len(find_codes(" ".join(codes[:200]))) == 200
    with pytest.raises(TooManyCodes):
        find_codes(" ".join(codes))
