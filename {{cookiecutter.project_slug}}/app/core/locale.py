"""The languages that the service speaks."""

from typing import Literal

Locale = Literal["en", "fr"]
