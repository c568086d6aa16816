"""Goal: a stranger learns nothing from any address: 401 everywhere but at the three front doors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

OPEN = {
    ("post", "/api/session/login"),
    ("post", "/api/session/logout"),
    ("post", "/api/account/accept"),
}
METHODS = ("get", "post", "put", "patch", "delete")
ROUTES_MIN = 30
SAMPLES: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "array": [], "object": {}}


def sample(schema: dict[str, Any], parts: dict[str, Any], name: str = "") -> Any:
    """A value that the route's own checks let through, so that access has the last word."""
    if "$ref" in schema:
        return sample(parts[schema["$ref"].rsplit("/", 1)[1]], parts)
    for choice in ("anyOf", "allOf", "oneOf"):
        if choice in schema:
            return sample(schema[choice][0], parts, name)
    if "enum" in schema or "const" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if "properties" in schema:
        needed = schema.get("required", [])
        return {one: sample(schema["properties"][one], parts, one) for one in needed}
    if schema.get("type") == "array" and schema.get("minItems"):
        return [sample(schema["items"], parts)] * schema["minItems"]
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    known = {"project": "shop", "environment": "dev"}
    return SAMPLES.get(schema.get("type", ""), known.get(name, "x"))


def asked(method: str, path: str, route: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
    for one in route.get("parameters", []):
        if one["required"]:
            given[one["in"]][one["name"]] = sample(one["schema"], parts, one["name"])
    address = re.sub(r"\{(\w+)[^}]*\}", lambda found: str(given["path"][found[1]]), path)
    content = route.get("requestBody", {}).get("content", {}).get("application/json")
    body = sample(content["schema"], parts) if content else None
    return {"method": method, "url": address, "params": given["query"], "json": body}


@pytest.fixture(scope="module")
def stranger(whole_app: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=whole_app.url, timeout=10, trust_env=False) as opened:
        yield opened


@pytest.mark.parametrize("key", [None, "llk_admin_operator_wrong", "nonsense"])
def test_nobody_gets_in_anywhere(stranger: httpx.Client, key: str | None) -> None:
    described = stranger.get("/api/openapi.json").json()
    parts = described.get("components", {}).get("schemas", {})
    headers = {"authorization": f"Bearer {key}"} if key else {}
    answers = {
        (method, path): stranger.request(**asked(method, path, route, parts), headers=headers)
        for path, routes in described["paths"].items()
        for method, route in routes.items()
        if method in METHODS and path.startswith("/api/") and (method, path) not in OPEN
    }
    assert len(answers) >= ROUTES_MIN
    statuses = {place: answer.status_code for place, answer in answers.items()}
    let_in = {place: status for place, status in statuses.items() if status != 401}
    assert let_in == {}


def test_the_front_doors_exist(stranger: httpx.Client) -> None:
    paths = stranger.get("/api/openapi.json").json()["paths"]
    assert all(method in paths[path] for method, path in OPEN)
