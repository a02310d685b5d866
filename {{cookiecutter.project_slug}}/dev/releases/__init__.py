"""Releases: which version comes next, what its notes say, and how the repository records it. docs/release.md"""
