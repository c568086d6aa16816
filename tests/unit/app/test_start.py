"""Goal: a start that cannot succeed changes nothing and says what to do."""

import socket
from pathlib import Path

import pytest

from liftline.app.paths import Layout
from liftline.app.settings import Settings, SettingsError, without_secrets
from liftline.app.start import PortTakenError, start
from liftline.app.supervisor import AlreadyRunningError, only_one


def settings(root: Path, port: int) -> Settings:
    return Settings(data_dir=root, app_port=port, collector_port=port)


def test_a_refused_second_start_leaves_the_running_one_alone(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.make()
    for name in ("settings.json", "login-link"):
        (layout.run / name).write_text("the first one's")
    with only_one(layout), pytest.raises(AlreadyRunningError):
        start(settings(tmp_path, 9), with_demo=False)
    assert (layout.run / "settings.json").read_text() == "the first one's"
    assert (layout.run / "login-link").read_text() == "the first one's"


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=str(number)) as caught:
            start(settings(tmp_path, number), with_demo=False)
    assert "--port-base" in caught.value.cure


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(SettingsError, match="file"):
        start(settings(tmp_path / "file" / "data", 9), with_demo=False)


def test_children_do_not_inherit_the_secrets() -> None:
    environ = {"LIFTLINE_MASTER_KEY": "k", "LIFTLINE_DATABASE_URL_FILE": "/f", "PATH": "/bin"}
    assert without_secrets(environ) == {"PATH": "/bin"}


def test_addresses_of_ipv6_are_bracketed() -> None:
    made = Settings(host="::1")
    assert made.collector_url == "http://[::1]:8401"
    assert Settings(host="::").app_url == "http://[::1]:8400"
    assert Settings(collector_public_url="https://in.example/").collector_address == (
        "https://in.example"
    )
