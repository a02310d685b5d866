"""Texts for people: what the code says, and what the catalogues of each language make of it."""
