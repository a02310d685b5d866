"""The service with pings that come at once and wait for two seconds: `python -m tests.mechanism.quick_pings serve`."""

from app.cli import main
from app.core import websocket_protocol

if __name__ == "__main__":
    # No settings: nobody needs other values.
    vars(websocket_protocol).update(PING_EVERY=0.1, PING_PATIENCE=2.0, CLOSE_SECONDS=0.1)
    main()
