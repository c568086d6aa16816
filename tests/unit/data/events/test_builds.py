"""Goal: what is made from the plan says the same as the plan, in each language."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import yaml

from liftline.data.events.api import column_name, staging_files
from liftline.data.events.builds import built_files, write_files
from liftline.data.events.contracts import EventSpec, PropertySpec
from liftline.data.events.json_schema import batch_schema, event_schema
from liftline.data.events.typescript import typescript

ROOT = Path(__file__).resolve().parents[4]
TSC = ROOT / "ui/node_modules/.bin/tsc"
Events = tuple[EventSpec, ...]
# JSON Schema cannot ask for a user in "envelope or properties" of a bare properties object.
NEEDS_THE_ENVELOPE = 6


def models(events: Events) -> dict[str, Any]:
    document = yaml.load(staging_files(events)["staging/staging.yml"], yaml.CSafeLoader)
    return {model["name"]: model for model in document["models"]}


def test_each_event_is_one_contracted_view(shipped_events: Events) -> None:
    files = staging_files(shipped_events)
    described = models(shipped_events)
    assert len(files) == len(shipped_events) + 1
    for spec in shipped_events:
        text = files[f"staging/stg_{spec.name}.sql"]
        assert f"where name = '{spec.name}'" in text
        for condition in ("type = 'track'", "is_planned", "not is_semantic_duplicate"):
            assert f"and {condition}" in text
        model = described[f"stg_{spec.name}"]
        assert model["config"]["contract"] == {"enforced": True}
        assert model["config"]["tags"] == ["staging"]
        assert model["config"]["meta"]["owner"] == spec.owner
        assert all(column["description"] and column["data_type"] for column in model["columns"])


def test_columns_of_sql_and_contract_are_the_same(shipped_events: Events) -> None:
    files = staging_files(shipped_events)
    for name, model in models(shipped_events).items():
        body = files[f"staging/{name}.sql"].partition("select\n")[2].partition("\nfrom")[0]
        selected = [line.strip().rstrip(",").split(" as ")[-1] for line in body.splitlines()]
        assert selected == [column["name"] for column in model["columns"]]
        assert len(set(selected)) == len(selected)


def test_required_and_enum_become_tests(shipped_events: Events) -> None:
    columns = {one["name"]: one for one in models(shipped_events)["stg_email_bounced"]["columns"]}
    tests = {
        name: body for one in columns["bounce_class"]["data_tests"] for name, body in one.items()
    }
    assert tests["accepted_values"]["arguments"] == {"values": ["hard", "soft"]}
    assert tests["not_null"] == {"config": {"tags": ["hourly"]}}
    assert "data_tests" not in columns["smtp_status"]
    assert columns["user_id"]["config"]["meta"] == {"pii": "pseudonymous"}


def test_a_later_version_warns_about_older_rows(shipped_events: Events) -> None:
    spec = next(one for one in shipped_events if one.name == "email_bounced")
    later = msgspec.structs.replace(spec, version=2)
    column = next(
        one
        for one in models((later,))["stg_email_bounced"]["columns"]
        if one["name"] == "bounce_class"
    )
    severities = [
        body["config"]["severity"] for one in column["data_tests"] for body in one.values()
    ]
    assert severities == ["warn", "warn"]


@pytest.mark.parametrize(
    ("name", "column"),
    [("user_id", "user_id"), ("step_id", "step_id"), ("ts", "ts"), ("sender", "property_sender"),
     ("context", "property_context"), ("order", "property_order"),
     ("received_at", "property_received_at")],
)  # fmt: skip
def test_a_property_never_hides_an_envelope_column(name: str, column: str) -> None:
    assert column_name(name) == column


def test_json_schema_agrees_with_the_examples(shipped_events: Events) -> None:
    ran = disagreed = 0
    for spec in shipped_events:
        validator = jsonschema_rs.Draft202012Validator(event_schema(spec), validate_formats=True)
        for example in spec.examples_good:
            assert validator.is_valid(example), (spec.name, example)
            ran += 1
        for example in spec.examples_bad:
            disagreed += validator.is_valid(example)
            ran += 1
    assert ran >= 80
    assert disagreed <= NEEDS_THE_ENVELOPE


def test_the_batch_schema_knows_the_envelope(shipped_events: Events) -> None:
    validator = jsonschema_rs.Draft202012Validator(batch_schema(shipped_events))
    click = {"search_id": "s", "click_position": 1}
    for good in (
        {"type": "track", "event": "search_result_clicked", "properties": click, "messageId": "m"},
        {"type": "track", "event": "user_activated", "properties": {}, "userId": "u"},
        {"type": "track", "event": "$feature_flag_called"},
        {"type": "identify", "userId": "u"},
    ):
        assert validator.is_valid({"batch": [good]}), good
    for bad in (
        {"type": "track", "event": "search_result_clicked", "properties": {}},
        {"type": "track", "event": "user_activated", "properties": {}},
        {"type": "track", "event": "never_heard_of", "properties": {}},
        {"event": "search_result_clicked", "properties": click},
    ):
        assert not validator.is_valid({"batch": [bad]}), bad
    assert not validator.is_valid({})


def test_typescript_has_an_interface_per_event(shipped_events: Events) -> None:
    text = typescript(shipped_events)
    assert text.count("export interface ") == len(shipped_events) + 2
    assert '  bounce_class: "hard" | "soft";' in text
    assert "  step_index?: number;" in text
    public = text.partition("export type PublicEventName =")[2].partition(";")[0]
    assert '"search_performed"' in public
    assert "email_bounced" not in public


@pytest.mark.slow
@pytest.mark.skipif(
    not TSC.is_file() or shutil.which("node") is None, reason="needs npm packages: make ui"
)
def test_typescript_compiles_and_catches_a_mistake(shipped_events: Events, tmp_path: Path) -> None:
    odd = EventSpec(
        name="odd_done",
        version=1,
        owner="a",
        purpose="ends a comment */ early",
        senders=("system",),
        retention_days=1,
        consent="analytics",
        additional="keep",
        properties={"x": PropertySpec(type="any", description="one", nullable=True)},
    )
    (tmp_path / "events.ts").write_text(typescript((*shipped_events, odd)))
    (tmp_path / "use.ts").write_text(
        'import type { PublicEventName, Track } from "./events";\n'
        "declare const track: Track<PublicEventName>;\n"
        'track("search_result_clicked", { search_id: "s", click_position: 1 });\n'
        "// @ts-expect-error a required property is missing\n"
        'track("search_result_clicked", { search_id: "s" });\n'
        "// @ts-expect-error a browser may not send it\n"
        'track("email_bounced", { bounce_class: "hard" });\n'
    )
    command = [str(TSC), "--strict", "--noEmit", str(tmp_path / "use.ts")]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_everything_is_written_below_one_folder(shipped_events: Events, tmp_path: Path) -> None:
    files = built_files(shipped_events)
    write_files(files, tmp_path)
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == files.keys()
    schema = json.loads((tmp_path / "schemas/search_performed.json").read_text())
    assert schema["x-liftline"]["owner"] == "search"
    assert len(files) == 2 * len(shipped_events) + 4
