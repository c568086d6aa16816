"""Every setting, where it may come from, and where each value did come from.

Order of precedence: environment (`LIFTLINE_<NAME>`), then `LIFTLINE_<NAME>_FILE` (a path
whose content is the value, for secrets), then the settings file, then the default.
The settings file is `liftline.toml` in the working directory, or LIFTLINE_CONFIG.

pydantic validates; the merge is ours because pydantic-settings neither says where a value
came from nor refuses a misspelt variable (docs/adr/0010-settings-with-provenance.md).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from liftline.app.ports import http_address
from liftline.core.errors import InvalidError

ENV_PREFIX = "LIFTLINE_"
DEFAULT_FILE = Path("liftline.toml")
SECRET_FILE_MAX_BYTES = 64 * 1024
NOT_SETTINGS = frozenset({"LIFTLINE_CONFIG", "LIFTLINE_URL", "LIFTLINE_SOAK", "LIFTLINE_API_KEY"})
"""Variables with our prefix that speak to clients and tests, not to the server."""


class SettingsError(InvalidError):
    """The settings cannot be used."""

    code = "app.settings"
    default_cure = "run `liftline config check` to see each value and where it came from"


class UnplannedPolicy(BaseModel):
    """What happens to an event that the tracking plan does not name, per environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dev: Literal["keep", "reject"] = "keep"
    staging: Literal["keep", "reject"] = "reject"
    prod: Literal["keep", "reject"] = "reject"


class Settings(BaseModel):
    """Liftline's settings; the docstring of each field is its help."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Field(Path("liftline-data"), description="Where everything is kept.")
    host: str = Field("127.0.0.1", description="Address to listen on; loopback unless told.")
    app_port: int = Field(8400, ge=1, le=65535, description="Pages and API.")
    collector_port: int = Field(8401, ge=1, le=65535, description="Where events are sent.")
    public_url: str | None = Field(None, description="How people reach the pages.")
    collector_public_url: str | None = Field(
        None, description="How clients reach the collector, where a proxy stands before it."
    )
    areas: tuple[Literal["growth", "build"], ...] = Field(
        ("growth", "build"), description="Product areas that are switched on."
    )
    plan_dir: Path | None = Field(
        None, description="Your own tracking plan, metrics and goals, beside the shipped ones."
    )
    unplanned: UnplannedPolicy = Field(
        default_factory=UnplannedPolicy, description="Events outside the plan: keep or reject."
    )
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL for the operational database; SQLite when absent."
    )
    master_key: SecretStr | None = Field(
        None, description="Key that secrets are encrypted with; a file is made when absent."
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    warehouse_memory_mb: int = Field(
        4096, ge=256, description="DuckDB's memory limit, in megabytes."
    )
    warehouse_threads: int = Field(2, ge=1, le=256, description="DuckDB's threads.")

    @field_validator("areas", mode="before")
    @classmethod
    def _split_areas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def url(self) -> str:
        """The address people open, without a trailing slash."""
        return (self.public_url or http_address(self.host, self.app_port)).rstrip("/")

    @property
    def app_url(self) -> str:
        """Where this machine reaches the app."""
        return http_address(self.host, self.app_port)

    @property
    def collector_address(self) -> str:
        """The address clients send to, without a trailing slash."""
        return (self.collector_public_url or self.collector_url).rstrip("/")

    @property
    def collector_url(self) -> str:
        """Where this machine reaches the collector."""
        return http_address(self.host, self.collector_port)


SECRETS = ("database_url", "master_key")


def settings_to_json(settings: Settings) -> bytes:
    """The settings without their secrets, for the child processes."""
    return settings.model_dump_json(exclude=set(SECRETS)).encode()


def secrets_for_child(settings: Settings) -> dict[str, str]:
    """The secrets as environment variables, for the one process that needs them."""
    found = {name: getattr(settings, name) for name in SECRETS}
    return {
        ENV_PREFIX + name.upper(): secret.get_secret_value()
        for name, secret in found.items()
        if isinstance(secret, SecretStr)
    }


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for processes that must not know the secrets (dbt runs in one)."""
    hidden = {ENV_PREFIX + name.upper() for name in SECRETS}
    hidden |= {f"{name}_FILE" for name in hidden}
    return {name: value for name, value in environ.items() if name not in hidden}


def settings_from_json(body: bytes, environ: Mapping[str, str]) -> Settings:
    """The inverse of settings_to_json, with the secrets from the environment."""
    values = Settings.model_validate_json(body).model_dump()
    for name in SECRETS:
        values[name] = environ.get(ENV_PREFIX + name.upper())
    return Settings.model_validate(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one setting's value came from; `value` is masked for secrets."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSettings:
    settings: Settings
    origins: tuple[Origin, ...]


def load_settings(
    file: Path | None = None,
    *,
    environ: dict[str, str] | None = None,
    overrides: dict[str, Any] | None = None,
) -> LoadedSettings:
    """Merge file, environment and command line into Settings.

    `overrides` are values given on the command line (they win). Raises SettingsError for
    a missing or unreadable file, an unknown name, or a value out of range.
    """
    environment = dict(os.environ) if environ is None else environ
    path, values = _read_file(file, environment)
    sources = dict.fromkeys(values, str(path))
    for name, value, source in _read_environment(environment):
        values[name] = value
        sources[name] = source
    for name, value in (overrides or {}).items():
        if value is not None:
            values[name] = value
            sources[name] = "command line"
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        raise SettingsError(
            f"no setting is called {unknown[0]!r} ({sources[unknown[0]]})",
            cure="one of: " + ", ".join(sorted(Settings.model_fields)),
        )
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        where = sources.get(name, "default")
        raise SettingsError(f"{name}: {first['msg']} ({where})") from error
    origins = tuple(
        Origin(
            name=name, value=_shown(getattr(settings, name)), source=sources.get(name, "default")
        )
        for name in Settings.model_fields
    )
    return LoadedSettings(settings=settings, origins=origins)


def _read_file(
    file: Path | None, environment: dict[str, str]
) -> tuple[Path | None, dict[str, Any]]:
    named = file or (
        Path(environment["LIFTLINE_CONFIG"]) if "LIFTLINE_CONFIG" in environment else None
    )
    path = named or DEFAULT_FILE
    if not path.exists():
        if named:
            raise SettingsError(f"there is no settings file at {path}", cure="check the path")
        return None, {}
    try:
        return path, tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", cure="mend the file") from error


def _read_environment(environment: dict[str, str]) -> list[tuple[str, Any, str]]:
    found: list[tuple[str, Any, str]] = []
    for variable in sorted(environment):
        if not variable.startswith(ENV_PREFIX) or variable in NOT_SETTINGS:
            continue
        if variable.startswith("LIFTLINE_DEMO_"):
            continue  # the demo client's own, handed to it by the supervisor
        name = variable.removeprefix(ENV_PREFIX).lower()
        value: Any = environment[variable]
        if name.endswith("_file"):
            name = name.removesuffix("_file")
            if ENV_PREFIX + name.upper() in environment:
                continue  # the plain variable wins
            value = _read_secret_file(variable, value)
        if name.startswith("unplanned_"):
            found.append(("unplanned", {name.removeprefix("unplanned_"): value}, variable))
        else:
            found.append((name, value, variable))
    return _merge_tables(found)


def _merge_tables(found: list[tuple[str, Any, str]]) -> list[tuple[str, Any, str]]:
    """Join LIFTLINE_UNPLANNED_DEV, _STAGING, _PROD into one table."""
    table: dict[str, Any] = {}
    variables: list[str] = []
    plain = []
    for name, value, variable in found:
        if name == "unplanned" and isinstance(value, dict):
            table |= value
            variables.append(variable)
        else:
            plain.append((name, value, variable))
    return [*plain, ("unplanned", table, ", ".join(variables))] if table else plain


def _read_secret_file(variable: str, path_text: str) -> str:
    path = Path(path_text)
    try:
        if path.stat().st_size > SECRET_FILE_MAX_BYTES:
            raise SettingsError(f"{variable} names a file over 64 KiB: {path}")
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable}: {path} cannot be read: {error.strerror}") from error


def _shown(value: object) -> str:
    match value:
        case SecretStr():
            return "(set, hidden)"
        case None:
            return "(not set)"
        case UnplannedPolicy():
            return ", ".join(f"{name}={policy}" for name, policy in value.model_dump().items())
        case tuple():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)
