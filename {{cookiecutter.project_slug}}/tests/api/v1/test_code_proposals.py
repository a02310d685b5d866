"""Codes out of reports that a model on 127.0.0.1 proposes, over HTTP."""

import json

import httpx2
import pytest

from app.core.settings import Settings
from app.services.code_proposals import stands_in
from tests.plugins.fake_model import FakeModel

EXTRACT = "/api/v1/study-plans/extract"
TEXT = {"Content-Type": "text/plain"}
REPORT = b"PHYS-204 Waves\nAnalysis is taught as Math. 101.\n"
WAVES = {"code": "PHYS-204", "label": "Waves"}


@pytest.fixture
def settings(settings: Settings, *, asks: bool) -> Settings:
    """Settings in which reports are sent to the model, or are not."""
    return settings.model_copy(update={"extract_asks_model": asks})


@pytest.fixture
def asks() -> bool:
    """They are."""
    return True


def _proposals(*codes: tuple[str, str]) -> str:
    return json.dumps({"codes": [{"code": code, "label": label} for code, label in codes]})


async def test_proposed_codes_join_those_that_are_found(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel
) -> None:
    fake_model.answers = [_proposals(("PHYS-204", "Optics"), ("MATH-101", "Analysis"))]

    answer = await client_with_model.post(EXTRACT, content=REPORT, headers=TEXT)

    assert answer.json() == {"codes": [WAVES, {"code": "MATH-101", "label": "Analysis"}]}
    assert json.loads(fake_model.asked[0]["messages"][1]["content"]) == {"report": REPORT.decode()}


async def test_what_does_not_stand_in_the_report_is_dropped(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel
) -> None:
    fake_model.answers = [_proposals(("CHEM-300", "Waves"), ("MATH-101", "Algebra"))]

    answer = await client_with_model.post(EXTRACT, content=REPORT, headers=TEXT)

    assert answer.json() == {"codes": [WAVES, {"code": "MATH-101", "label": ""}]}


@pytest.mark.parametrize("instead", [["404"], ["unfinished"], ["well", "well"]])
async def test_model_that_fails_takes_nothing_away(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel, instead: list[str]
) -> None:
    fake_model.instead, fake_model.answers = [*instead], ["no JSON", '{"codes": [{"code": "math 101"}]}']

    answer = await client_with_model.post(EXTRACT, content=REPORT, headers=TEXT)

    assert (answer.status_code, answer.json()) == (200, {"codes": [WAVES]})
    assert len(fake_model.asked) == len(instead)


@pytest.mark.parametrize("asks", [False])
async def test_report_leaves_the_service_only_where_the_setting_says_so(
    client_with_model: httpx2.AsyncClient, fake_model: FakeModel
) -> None:
    answer = await client_with_model.post(EXTRACT, content=REPORT, headers=TEXT)

    assert answer.json() == {"codes": [WAVES]}
    assert fake_model.asked == []


@pytest.mark.parametrize("text", ["MATH-101", "math101", "Math. 101", "(math 101)", "MATH\u2013101", "_MATH_101_"])
def test_code_stands_in_a_text_however_it_is_written(text: str) -> None:
    assert stands_in("MATH-101", text)


@pytest.mark.parametrize("text", ["", "MATH 10 1", "MATH-1011", "AMATH-101", "MATH and 101", "101 MATH"])
def test_what_is_only_alike_is_not_the_code(text: str) -> None:
    assert not stands_in("MATH-101", text)
