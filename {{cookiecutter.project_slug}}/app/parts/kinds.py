"""What a part of the application is."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

Part = Callable[[FastAPI], AbstractAsyncContextManager[None]]
