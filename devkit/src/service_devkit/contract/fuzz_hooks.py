"""What schemathesis loads, by `SCHEMATHESIS_HOOKS`: it takes one module."""

from service_devkit.contract import fuzz_failures, fuzz_inputs

__all__ = ["fuzz_failures", "fuzz_inputs"]
