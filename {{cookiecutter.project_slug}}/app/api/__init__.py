"""HTTP only, no business rules."""
