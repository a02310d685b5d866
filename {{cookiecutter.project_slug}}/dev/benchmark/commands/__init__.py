"""The commands of `dev benchmark`, one per module."""
