"""Development secrets of the service itself, and logs for people."""

from secrets import token_urlsafe

from service_devkit.environment import Secrets, Unless

# A file with a key and no format has been edited: the format was taken out on purpose.
DEVELOPMENT_SECRETS: Secrets = {
    "SECRET_KEY": lambda: token_urlsafe(32),
    "LOG_FORMAT": Unless(("SECRET_KEY",), lambda: "console"),
}
