"""The commands of `benchmarks`, one per module."""
