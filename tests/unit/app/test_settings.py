"""Goal: every value's origin is known, secrets stay hidden, and a misspelling is refused."""

from pathlib import Path

import pytest

from liftline.app.settings import (
    SettingsError,
    load_settings,
    secrets_for_child,
    settings_from_json,
    settings_to_json,
)


def origins(loaded) -> dict[str, tuple[str, str]]:
    return {origin.name: (origin.value, origin.source) for origin in loaded.origins}


def test_precedence_is_default_file_environment_command_line(tmp_path: Path) -> None:
    file = tmp_path / "liftline.toml"
    file.write_text("app_port = 1111\ncollector_port = 2222\nhost = '::1'\n")
    loaded = load_settings(
        file,
        environ={"LIFTLINE_APP_PORT": "3333", "LIFTLINE_COLLECTOR_PORT": "4444", "DEV": "reject"},
        overrides={"collector_port": 5555, "data_dir": None},
    )
    seen = origins(loaded)
    assert seen["host"] == ("::1", str(file))
    assert seen["app_port"] == ("3333", "LIFTLINE_APP_PORT")
    assert seen["collector_port"] == ("5555", "command line")
    assert seen["log_level"] == ("info", "default")
    assert seen["unplanned"] == ("dev=keep, staging=reject, prod=reject", "default")


def test_tables_come_from_several_variables() -> None:
    environ = {"LIFTLINE_UNPLANNED_DEV": "reject", "LIFTLINE_UNPLANNED_PROD": "keep"}
    seen = origins(load_settings(environ=environ))
    assert seen["unplanned"] == (
        "dev=reject, staging=reject, prod=keep",
        "LIFTLINE_UNPLANNED_DEV, LIFTLINE_UNPLANNED_PROD",
    )


def test_secrets_come_from_files_and_are_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://u:hunter2@localhost/x\n")
    loaded = load_settings(environ={"LIFTLINE_DATABASE_URL_FILE": str(secret)})
    assert "hunter2" not in repr(loaded)
    assert origins(loaded)["database_url"] == ("(set, hidden)", "LIFTLINE_DATABASE_URL_FILE")
    assert b"hunter2" not in settings_to_json(loaded.settings)
    environ = secrets_for_child(loaded.settings)
    again = settings_from_json(settings_to_json(loaded.settings), environ)
    assert again == loaded.settings


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({"LIFTLINE_APP_PROT": "1"}, "app_prot"),
        ({"LIFTLINE_APP_PORT": "many"}, "app_port"),
        ({"LIFTLINE_APP_PORT": "70000"}, "app_port"),
        ({"LIFTLINE_AREAS": "growth,sales"}, "areas"),
        ({"LIFTLINE_CONFIG": "/nowhere/liftline.toml"}, "nowhere"),
        ({"LIFTLINE_MASTER_KEY_FILE": "/nowhere/key"}, "nowhere"),
    ],
)
def test_mistakes_are_named(environ: dict[str, str], word: str) -> None:
    with pytest.raises(SettingsError, match=word) as caught:
        load_settings(environ=environ)
    assert caught.value.cure


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "liftline.toml"
    file.write_text("app_port = = 3")
    with pytest.raises(SettingsError, match=r"liftline\.toml"):
        load_settings(file, environ={})
