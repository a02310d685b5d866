"""What the development cluster keeps on disk."""

import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from service_devkit.postgres import server
from service_devkit.postgres.binaries import NoPostgresError, find_binaries, major_version


@dataclass(frozen=True)
class DataFolder:
    """The data of the server, and beside them its log, its password and the locks of those who use it."""

    root: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """What the server has said since it was started."""
        return self.root / "log"

    @property
    def users_lock(self) -> Path:
        """Held, shared, by everybody who uses the server."""
        return self.root / "users.lock"

    @property
    def start_lock(self) -> Path:
        """Held by the one who starts the server."""
        return self.root / "start.lock"

    @property
    def shared(self) -> Path:
        """There when worktrees have databases on this server."""
        return self.root / "shared"

    @property
    def password(self) -> str:
        """The password of the superuser and of the service's role."""
        return self._password_file.read_text()

    @property
    def _password_file(self) -> Path:
        return self.root / "password"

    def prepare(self) -> None:
        """Make the data, or see that the server can start on those that are there.

        Raises:
            NoPostgresError: it cannot.
        """
        if self.data.exists():
            self._check_version()
            self._forget_crash()
        else:
            self._initialise()
        self.log.unlink(missing_ok=True)

    def _check_version(self) -> None:
        binaries = find_binaries()
        ours, theirs = major_version(binaries), int((self.data / "PG_VERSION").read_text())
        if ours != theirs:
            raise NoPostgresError(
                f"The development database in {self.root} is of PostgreSQL {theirs}, the programs in {binaries} are {ours}. "
                f"Set PG_BIN to the programs of PostgreSQL {theirs}, or start again: devkit reset-database"
            )

    def _forget_crash(self) -> None:
        """After a crash the file may be empty, or name a process that is something else now; PostgreSQL would refuse to start beside it."""
        if not server.is_served(self.data):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Under another name first, so that a killed `initdb` leaves no half-made data."""
        unfinished = Path(tempfile.mkdtemp(prefix="new-", dir=self.root))
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(16))
        guarded = server.initialise(
            unfinished, password_file=self._password_file, remove=unfinished, output=self.log, durable=True
        )
        unfinished.rename(self.data)
        guarded.release()
