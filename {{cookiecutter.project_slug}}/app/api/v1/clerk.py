"""What Clerk tells about its users."""

from fastapi import APIRouter

router = APIRouter(prefix="/webhooks", tags=["clerk"])
