"""Telegram's init data, exchanged for a token of our own."""

from fastapi import APIRouter

router = APIRouter(prefix="/auth", tags=["telegram"])
