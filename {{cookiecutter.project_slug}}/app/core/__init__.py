"""What every layer may use: settings, logging, errors, middleware. Imports nothing of ours."""
