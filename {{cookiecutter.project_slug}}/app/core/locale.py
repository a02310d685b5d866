"""The languages of the service."""

from typing import Literal

Locale = Literal["en", "fr"]
