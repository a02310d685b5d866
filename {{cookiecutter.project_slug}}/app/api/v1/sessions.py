"""Signing in with a password, staying signed in, and signing out."""

from fastapi import APIRouter

router = APIRouter(prefix="/auth", tags=["accounts"])
public_router = APIRouter(prefix="/auth", tags=["accounts"])
