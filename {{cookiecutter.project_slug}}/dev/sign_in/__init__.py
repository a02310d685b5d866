"""`dev sign-in PROVIDER`: a ready `Authorization` header for trying the service in development.

Every module of this package defines one command, named like the module.
"""

import importlib
import pkgutil

import click

_NAMES = [module.name for module in pkgutil.iter_modules(__path__)]

sign_in = click.Group(
    "sign-in",
    commands=[getattr(importlib.import_module(f"{__name__}.{name}"), name) for name in _NAMES],
    help="Print a ready Authorization header. In development only.",
)
