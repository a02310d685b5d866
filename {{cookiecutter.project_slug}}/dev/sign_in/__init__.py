"""`python -m dev sign-in`: a ready `Authorization` header. Every module is one way to sign in."""

from service_devkit.sign_in import SignIn

sign_in = SignIn(__name__, __path__)
authorizations = sign_in.authorizations
