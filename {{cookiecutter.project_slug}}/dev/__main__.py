"""`python -m dev`: the commands for developers that know the answers of this service."""

import click

from app.cli import explained
from dev.sign_in import sign_in

if __name__ == "__main__":
    with explained():
        click.Group("dev", commands=[sign_in], help="Commands for developers.")(prog_name="python -m dev")
