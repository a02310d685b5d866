"""Setting of the codes that the language model proposes."""

from pydantic import Field

from app.core.settings.base import SettingsGroup


class CodeProposalSettings(SettingsGroup):
    """Whether reports leave the service."""

    extract_asks_model: bool = Field(
        default=False, description="send the text of reports to the provider of language models, to propose codes"
    )
