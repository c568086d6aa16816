"""Goal: with a database address, people, keys and audit live in PostgreSQL; nothing else moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from liftline.platform.state.temporary_postgres import (
    INSTALL_LINE,
    TemporaryPostgres,
    postgres_bin,
)
from tests.running import PASSWORD, Liftline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[TemporaryPostgres]:
    programs = postgres_bin()
    if programs is None:
        pytest.skip(INSTALL_LINE)
    server = TemporaryPostgres(programs)
    yield server
    server.stop()


def test_people_and_keys_live_in_postgresql_and_survive_a_restart(
    server: TemporaryPostgres, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    settings = {"LIFTLINE_DATABASE_URL": server.url()}
    with Liftline(data, settings=settings) as liftline:
        liftline.sign_in()
        email = str(liftline.http.get("/api/me").json()["label"])
        key = liftline.key()
        revoked = liftline.key("admin")
        listed = liftline.http.get("/api/keys").json()["keys"]
        (key_id,) = (each["key_id"] for each in listed if each["kind"] == "admin")
        assert liftline.command("keys", "revoke", key_id).returncode == 0
        assert not list(liftline.layout.state.iterdir()), "SQLite is not used beside it"
        assert server.url() not in _readable_files(liftline.layout.root), "no secret on disk"

    with Liftline(data, settings=settings) as liftline:
        assert not (liftline.layout.run / "login-link").exists(), "there is an account already"
        answer = liftline.http.post(
            "/api/session/login", json={"email": email, "password": PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        kept = liftline.http.get("/api/keys").json()["keys"]
        assert {each["key_id"] for each in listed} <= {each["key_id"] for each in kept}
        event = {"event": "user_activated", "user_id": "ada", "properties": {"user_id": "ada"}}
        assert liftline.send(key, event)["accepted"] == 1
        assert not liftline.is_known(revoked), "a revocation survives too"
        whole = liftline.http.get("/api/audit/chain").json()
        assert whole["is_intact"] and whole["entries"] > 0
    assert _stored(server, "select count(*) from keys") >= 2


def _stored(server: TemporaryPostgres, sql: str) -> int:
    engine = create_engine(server.url().replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            return int(connection.execute(text(sql)).scalar_one())
    finally:
        engine.dispose()


def _readable_files(root: Path) -> str:
    """What lies in run/ and logs/, the folders that a support bundle would hold."""
    files = [path for name in ("run", "logs") for path in (root / name).rglob("*")]
    return "\n".join(path.read_text("utf-8", "replace") for path in files if path.is_file())
