"""Pure ASGI middleware. Starlette's BaseHTTPMiddleware loses context variables and buffers streams; a lint rule forbids it."""
