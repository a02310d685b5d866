"""A PostgreSQL that tests may harm, a person who is signed in, and a certificate."""

import datetime as dt
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from service_devkit.fixtures.postgres import execute, migrate
from service_devkit.postgres.server import running_postmaster
from service_devkit.postgres.throwaway import ThrowawayCluster


@dataclass(frozen=True)
class Fragile:
    """A server that the test may stop, kill, freeze and start, and a migrated database of its own in it."""

    cluster: ThrowawayCluster
    url: str

    def start(self) -> None:
        """Start the server again."""
        self.cluster.start()

    def stop(self) -> None:
        """Stop it as an administrator would."""
        self.cluster.stop()

    def kill(self) -> None:
        """Kill it with -9, as a crash would."""
        processes = self._processes()
        self.cluster.kill()
        psutil.wait_procs(processes, timeout=5)

    def freeze(self) -> None:
        """Stop it in its tracks."""
        self.cluster.freeze()

    def freeze_sessions(self) -> None:
        """Freeze what serves the open connections, not what accepts new ones: a network that forgot them looks like this."""
        for process in self._processes():
            if "127.0.0.1(" in " ".join(process.cmdline()):
                process.suspend()

    def thaw(self) -> None:
        """Let it go on."""
        self.cluster.thaw()

    def heal(self) -> None:
        """Make it whole again, whatever the test has done to it."""
        if running_postmaster(self.cluster.data):
            self.thaw()
        else:
            self.start()

    def _processes(self) -> list[psutil.Process]:
        postmaster = running_postmaster(self.cluster.data)
        assert postmaster, "the server does not run"
        return psutil.Process(postmaster.pid).children(recursive=True)


@pytest.fixture(scope="session")
def _fragile_cluster() -> Iterator[ThrowawayCluster]:
    with ThrowawayCluster() as cluster:
        migrate(cluster.url())
        yield cluster


@pytest.fixture
async def fragile(_fragile_cluster: ThrowawayCluster) -> AsyncIterator[Fragile]:
    """One server for all tests, whole again after each: making one takes two seconds, starting it a tenth."""
    name = f"fragile_{secrets.token_hex(4)}_test"
    await execute(_fragile_cluster.url(), f"CREATE DATABASE {name} TEMPLATE postgres")
    fragile = Fragile(_fragile_cluster, _fragile_cluster.url(name))
    yield fragile
    fragile.heal()
    await execute(_fragile_cluster.url(), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def ada(sign_in: Callable[[str], dict[str, str]]) -> dict[str, str]:
    """Headers of a signed-in person."""
    return sign_in("Ada")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for 127.0.0.1, which nobody has signed but itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1)
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "certificate.pem"
    file.write_bytes(secret + signed.public_bytes(pem))
    return file
