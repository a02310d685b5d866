"""Tries the live updates of a baked service in a real browser, as docs/live.md has the code: half a minute.

`PYTHONPATH=$PWD uv run --project SERVICE python -m tools.show_live SERVICE`, in the root of the template, with Chromium on the path. A page of another
origin opens the WebSocket, reads the stream by `fetch`, and tries an `EventSource`, which cannot sign in. A change is made, the service restarts, and another is made.
"""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

PATIENCE: Final = 40.0
ME: Final = "/api/v1/users/me"
PAGE: Final = """<!doctype html><script>
const said = text => fetch("/said", { method: "POST", body: text });
const authorization = async () => AUTHORIZATION;
const Real = WebSocket;
WebSocket = class extends Real {
  constructor(...args) { super(...args); this.addEventListener("close", ({ code }) => said(`socket closed ${code}`)); }
};
const refresh = message => said(message ? `socket heard ${message.type}` : "socket open");
SOCKET
connect();
{
  const refresh = message => said(message ? `stream heard ${message.type}` : "stream open");
  STREAM
  listen();
}
const source = new EventSource("BASE/api/v1/live");
source.onerror = () => said(`EventSource ${["connecting", "open", "closed"][source.readyState]}`);
</script>"""


def main(service: Path) -> int:
    """Start the service and the browser, and print what the page says until it has heard all."""
    sys.path[:0] = [str(service)]
    os.chdir(service)
    from service_devkit.postgres.server import free_port  # noqa: PLC0415 - in the environment of the service alone
    from service_devkit.postgres.throwaway import ThrowawayCluster  # noqa: PLC0415 - as above
    from service_devkit.service import run_python  # noqa: PLC0415 - as above

    from benchmarks.callers import sign_in  # noqa: PLC0415 - they import the service
    from benchmarks.stage import environment_of  # noqa: PLC0415 - as above

    with ThrowawayCluster() as cluster, tempfile.TemporaryDirectory() as profile:
        environment = environment_of(cluster.url())
        run_python(["-m", "app", "migrate"], environment)
        authorization = sign_in(1, environment)[0].authorization
        port, page_port = free_port(), free_port()
        environment["CORS_ORIGINS"] = f'["http://127.0.0.1:{page_port}"]'
        base = f"http://127.0.0.1:{port}"
        with _serving(_page(service, base, authorization), page_port) as said, contextlib.ExitStack() as browser:
            with _service(environment, port):
                browser.enter_context(_chromium(f"http://127.0.0.1:{page_port}/", profile))
                _expect(said, {"socket open", "stream open", "EventSource closed"})
                _change(base, authorization, "Ada")
                _expect(said, {"socket heard user.updated", "stream heard user.updated"})
            _expect(said, {"socket closed 1012"})
            with _service(environment, port):
                _expect(said, {"socket open", "stream open"})
                _change(base, authorization, "Bea")
                _expect(said, {"socket heard user.updated", "stream heard user.updated"})
    return 0


def _page(service: Path, base: str, authorization: str) -> bytes:
    parts = (service / "docs/live.md").read_text(encoding="utf-8").split("```js\n")[1:]
    socket, stream = (part.split("```")[0] for part in parts)
    page = PAGE.replace("SOCKET", socket).replace("STREAM", stream).replace("BASE", base)
    page = page.replace("wss://api.example.com", base.replace("http", "ws")).replace("https://api.example.com", base)
    return page.replace("AUTHORIZATION", json.dumps(authorization), 1).encode()


@contextlib.contextmanager
def _serving(page: bytes, port: int) -> Iterator["queue.Queue[str]"]:
    said: queue.Queue[str] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, page)

        def do_POST(self) -> None:
            said.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer(204, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Nothing: the output is for what the page says."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield said
    finally:
        server.shutdown()


@contextlib.contextmanager
def _process(command: list[str], environment: Mapping[str, str] | None = None) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextlib.contextmanager
def _service(environment: Mapping[str, str], port: int) -> Iterator[None]:
    from benchmarks.servers import answers  # noqa: PLC0415 - it is imported in the service

    with _process([sys.executable, "-m", "app", "serve", "--port", str(port)], environment):
        deadline = time.monotonic() + PATIENCE
        while not answers(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield
        _print("the service ends")


def _chromium(url: str, profile: str) -> contextlib.AbstractContextManager[None]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("Chromium is needed, as `chromium` or `google-chrome` on the path")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}"]
    return _process([program, *options, "--remote-debugging-port=0", url])


def _change(base: str, authorization: str, name: str) -> None:
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    body = json.dumps({"display_name": name}).encode()
    urllib.request.urlopen(urllib.request.Request(base + ME, body, headers, method="PATCH")).read()  # noqa: S310 - our own address
    _print(f"{name} is the new name")


def _expect(said: "queue.Queue[str]", wanted: set[str]) -> None:
    """Print what the page says, until it has said all of this."""
    missing = set(wanted)
    while missing:
        try:
            text = said.get(timeout=PATIENCE)
        except queue.Empty:
            raise SystemExit(f"the page did not say: {sorted(missing)}") from None
        _print(f"the page: {text}")
        missing = {start for start in missing if not text.startswith(start)}


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
