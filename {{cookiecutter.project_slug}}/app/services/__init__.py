"""What the business does. Services own their queries and know no HTTP."""
