"""The resources that this service adds. `just scaffold` lists them here, in a file that no update of the template changes."""

from fastapi import APIRouter

RESOURCES: list[APIRouter] = []
