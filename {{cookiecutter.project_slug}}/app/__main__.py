"""`python -m app`: the command line of the service."""

from app.cli import main

if __name__ == "__main__":
    main()
