"""One notion of an origin, for CORS, WebSockets and sign-in."""

import pytest

from app.core.origins import parse_origin


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("https://app.example.com/", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://app.example.com:80/", "http://app.example.com"),
        ("https://app.example.com:0443", "https://app.example.com"),
        ("https://App.Example.COM:8443", "https://app.example.com:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:5173", "http://127.0.0.1:5173"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
        ("https://my_app.example.com", "https://my_app.example.com"),
        ("https://xn--caf-dma.example", "https://xn--caf-dma.example"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("ionic://localhost", "ionic://localhost"),
        ("tauri://localhost", "tauri://localhost"),
        ("https://tauri.localhost", "https://tauri.localhost"),
        ("app://.", "app://."),
        ("chrome-extension://abcdefghijklmnopabcdefghijklmnop", "chrome-extension://abcdefghijklmnopabcdefghijklmnop"),
        ("safari-web-extension://0F2A-BC", "safari-web-extension://0F2A-BC"),
    ],
)
def test_origin_is_written_as_browsers_write_it(text: str, origin: str) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "null", "app.example.com", "https://", "https:///", "https://*.example.com", "file:///", "data://x"),
        *(
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://ada@app.example.com",
            "https://é.example",
        ),
        *("https://app.example.com:0", "https://app.example.com:65536", "https://app.example.com:", "https://a b"),
        *(
            "http://[::1",
            "http://[:::1]",
            "https://-app.example.com",
            "https://app.example.com\n",
            "ws://app.example.com",
            "http://127.1",
            "http://192.168.1.999",
        ),
        *("capacitor://localhost/index.html", "chrome-extension://*", "javascript://alert"),
    ],
)
def test_text_that_no_browser_sends_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_origin(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("*", "list each one"), ("null", "send null"), ("file:///a", "send null"), ("wss://a.example", "of its page")],
)
def test_refusal_says_what_browsers_do(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        parse_origin(text)
