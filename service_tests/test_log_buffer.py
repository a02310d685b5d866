"""Log lines on their way out: bounded, whole, and what is lost is reported."""

import json
import os

import pytest

from app.core import log_output
from app.core.log_output import LogOutput


def _read(descriptor: int) -> list[str]:
    os.set_blocking(descriptor, True)
    return os.read(descriptor, 1_000_000).decode().splitlines()


def _line(number: int) -> str:
    return json.dumps({"number": number, "text": "x" * 1000}) + "\n"


def test_lines_come_out_whole_and_in_order_before_the_end() -> None:
    reader, writer = os.pipe()
    output = LogOutput(writer)

    for number in range(40):
        output.write(_line(number))
    output.drain()

    assert [json.loads(line)["number"] for line in _read(reader)] == list(range(40))


def test_what_waits_is_bounded_and_what_was_lost_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_output, "MAX_WAITING", 10_000)
    reader, writer = os.pipe()
    output = LogOutput(writer)
    for number in range(1000):  # nobody reads: a pipe takes 64 kB
        output.write(_line(number))
    output.drain(0)

    lines = _drained(reader, output)
    output.write(_line(1000))
    output.drain()
    lines += _read(reader)

    documents = [json.loads(line) for line in lines]
    written = [document for document in documents if "number" in document]
    lost = [document["lines"] for document in documents if document.get("event") == "log lines were lost"]
    assert written[-1]["number"] == 1000
    assert sum(lost) == 1001 - len(written)
    assert sum(lost) > 800


def _drained(reader: int, output: LogOutput) -> list[str]:
    text = ""
    os.set_blocking(reader, False)
    while True:
        output.drain(0.2)
        try:
            text += os.read(reader, 1_000_000).decode()
        except BlockingIOError:
            return text.splitlines()


def test_surrogates_and_a_closed_descriptor_end_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    output = LogOutput(writer)

    output.write("\ud800\n")
    output.drain()
    os.close(reader)
    for _ in range(3):
        output.write("lost\n")
    output.drain()

    assert capsys.readouterr().err.count("Broken pipe") == 1
