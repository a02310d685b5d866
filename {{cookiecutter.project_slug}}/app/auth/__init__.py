"""Who is calling: one principal, whatever the provider, and a guard that lets nobody through by default."""
