"""`python -m benchmarks --service FOLDER COMMAND`."""

from benchmarks import benchmark

benchmark(prog_name="python -m benchmarks")
