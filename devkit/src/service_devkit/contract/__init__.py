"""The contract gate: `contracts/openapi.yaml` is the source of truth, the application is held to it."""
