"""The migrations gate: one history that goes up and down, agrees with the models and blocks no live database."""
