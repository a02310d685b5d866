"""Settings of Clerk sign-in."""

from app.core.settings.base import SettingsGroup


class ClerkSettings(SettingsGroup):
    """The Clerk instance whose users sign in."""
