"""What a caller says beside a report."""

from pydantic import MISSING, Field

from app.schemas.base import Query

_TITLE = r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$"


class ExtractionQuery(Query):
    """Whether the codes become a plan."""

    title: str | MISSING = Field(
        default=MISSING,
        min_length=1,
        max_length=200,
        pattern=_TITLE,
        description="The title of a plan to make of the codes; without it they are only answered",
    )
