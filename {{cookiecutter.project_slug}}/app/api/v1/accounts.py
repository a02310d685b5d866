"""People with a password: registration and changes."""

from fastapi import APIRouter

router = APIRouter(prefix="/auth", tags=["accounts"])
