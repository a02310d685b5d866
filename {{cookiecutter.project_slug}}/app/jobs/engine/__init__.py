"""How jobs are kept and run, on pgqueuer. The jobs of the service know `app.jobs` alone."""
