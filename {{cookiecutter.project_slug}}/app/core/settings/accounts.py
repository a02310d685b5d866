"""Settings of accounts with a password."""

from app.core.settings.base import SettingsGroup


class AccountSettings(SettingsGroup):
    """Sessions of people who sign in with a password."""
