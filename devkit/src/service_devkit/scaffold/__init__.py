"""Writes the first version of a resource from its part of the contract, in the style of this service."""
