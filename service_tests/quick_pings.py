"""The service with pings that come at once and wait for two seconds: `python -m tests.mechanism.quick_pings serve`."""

from app.cli import main, serve
from app.core import websocket_protocol

if __name__ == "__main__":
    serve.PING_EVERY, serve.PING_PATIENCE = 0.1, 2.0  # type: ignore[misc] # no setting: nobody needs other values
    websocket_protocol.CLOSE_SECONDS = 0.1  # type: ignore[misc] # as above
    main()
