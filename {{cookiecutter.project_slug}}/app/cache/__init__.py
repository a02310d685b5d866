"""Answers that are kept for a while: in the memory of this process, or in a store that processes share."""
