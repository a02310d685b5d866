"""The resources that this service adds. `just scaffold` lists them here, in a file that no update of the template changes."""

from fastapi import APIRouter

# For people who have signed in.
RESOURCES: list[APIRouter] = []

# For anybody, limited by address. The service does not start when an operation of these routers is not named below.
PUBLIC_RESOURCES: list[APIRouter] = []
PUBLIC_OPERATIONS: frozenset[str] = frozenset()  # such as "GET /api/v1/news"
