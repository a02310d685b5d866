"""Addresses of Redis in the shapes that providers give."""

import pytest

from app.core.redis_url import RedisAddress, RedisUrlError, parse_redis_url
from app.core.settings import ConfigurationError, load_settings

LOCAL: dict[str, str | int] = {"host": "localhost", "port": 6379}
TLS: dict[str, str | int] = {"ssl_cert_reqs": "required", "ssl_check_hostname": 1}


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", RedisAddress(options=LOCAL)),
        (" redis://localhost:6379/0 ", RedisAddress(options=LOCAL)),
        ("redis://", RedisAddress(options=LOCAL)),
        ("REDIS://localhost/", RedisAddress(options=LOCAL)),
        ("redis://localhost/3", RedisAddress(database=3, options=LOCAL)),
        ("redis://localhost?db=3", RedisAddress(database=3, options=LOCAL)),
        ("redis://default:fake@localhost", RedisAddress(options={**LOCAL, "username": "default", "password": "fake"})),
        ("redis://:fake@localhost", RedisAddress(options={**LOCAL, "password": "fake"})),
        ("redis://fake@localhost", RedisAddress(options={**LOCAL, "password": "fake"})),
        (
            "redis://u:f%40k%2Fe%3A%25@localhost",
            RedisAddress(options={**LOCAL, "username": "u", "password": "f@k/e:%"}),
        ),
        ("redis://:fake+key=@localhost", RedisAddress(options={**LOCAL, "password": "fake+key="})),
        (
            "redis://localhost?username=u&password=f%26e",
            RedisAddress(options={**LOCAL, "username": "u", "password": "f&e"}),
        ),
        ("redis://[::1]:6380/1", RedisAddress(database=1, options={"host": "::1", "port": 6380})),
        ("redis://red-abc_1.example.com:6380", RedisAddress(options={"host": "red-abc_1.example.com", "port": 6380})),
        ("redis://localhost?family=0&protocol=3", RedisAddress(options=LOCAL)),
        ("valkey://localhost", RedisAddress(options=LOCAL)),
        ("rediss://localhost", RedisAddress(tls=True, options=LOCAL | TLS)),
        ("valkeys://localhost", RedisAddress(tls=True, options=LOCAL | TLS)),
        (
            "rediss://:fake@localhost:6380/0?ssl_cert_reqs=CERT_NONE",
            RedisAddress(
                tls=True,
                options={**LOCAL, "port": 6380, "password": "fake", "ssl_cert_reqs": "none", "ssl_check_hostname": 0},
            ),
        ),
        (
            "rediss://localhost?ssl_ca_certs=/ca.pem",
            RedisAddress(tls=True, options=LOCAL | TLS | {"ssl_ca_certs": "/ca.pem"}),
        ),
        ("unix:///run/redis.sock", RedisAddress(socket=True, options={"path": "/run/redis.sock"})),
        (
            "redis+unix://:fake@/run/my%20redis.sock?db=2",
            RedisAddress(socket=True, database=2, options={"path": "/run/my redis.sock", "password": "fake"}),
        ),
        (
            "redis+socket:///run/redis.sock?db=2",
            RedisAddress(socket=True, database=2, options={"path": "/run/redis.sock"}),
        ),
    ],
)
def test_address_is_read_as_its_provider_means_it(url: str, address: RedisAddress) -> None:
    assert parse_redis_url(url) == address


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("localhost:6379", "is no Redis URL"),
        ("http://localhost", "is no Redis URL"),
        ("postgresql://localhost/db", "is no Redis URL"),
        ("redis-sentinel://localhost:26379/mymaster", "is of Sentinel, which is not supported"),
        ("redis+sentinel://:hunter2@localhost:26379/mymaster/0", "is of Sentinel, which is not supported"),
        ("redis+cluster://localhost:7000", "is of a cluster, which is not supported"),
        ("rediss+cluster://:hunter2@localhost:7000", "is of a cluster, which is not supported"),
        ("redis://:hunter2@one:6379,two:6379", "names several servers"),
        ("redis://:hunter2@x@localhost", "write @ as %40"),
        ("redis://:hunter2/x@localhost", "write @ as %40"),
        ("redis://:hunter2#x@localhost", "write @ as %40"),
        ("redis://:hunter2?x@localhost", "write @ as %40"),
        ("redis://u:hunter2%zz@localhost", "is not percent-encoded"),
        ("redis://u:hunter2:x@localhost", "is not percent-encoded"),
        ("redis://u:hunter2@local host", "a host that can be none"),
        ("redis://localhost:0", "a port from 1 to 65535"),
        ("redis://localhost:70000", "a port from 1 to 65535"),
        ("redis://localhost/mydb", "the number of a database"),
        ("redis://localhost/-1", "the number of a database"),
        ("redis://localhost?db=²", "the number of a database"),
        ("redis://localhost?hunter2", "no parameter"),
        ("redis://localhost?decode_responses=yes", "the parameter 'decode_responses', which is not known"),
        ("redis://localhost?ssl_cert_reqs=none", "which is for TLS; write rediss://"),
        ("rediss://localhost?ssl_cert_reqs=hunter2", "needs an ssl_cert_reqs out of required, optional, none"),
        ("unix://redis.sock", "needs the whole path of the socket"),
        ("unix:///run/redis.sock?db=one", "the number of a database"),
    ],
)
def test_address_that_cannot_be_used_is_refused_without_its_password(url: str, complaint: str) -> None:
    with pytest.raises(RedisUrlError) as error:
        parse_redis_url(url)

    assert complaint in str(error.value)
    assert "hunter2" not in str(error.value)


def test_password_is_not_shown_with_the_address() -> None:
    assert "hunter2" not in repr(parse_redis_url("redis://u:hunter2@localhost"))


def test_wrong_address_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis+sentinel://:hunter2@localhost")

    with pytest.raises(ConfigurationError, match="REDIS_URL: is of Sentinel") as error:
        load_settings()

    assert "hunter2" not in str(error.value)
