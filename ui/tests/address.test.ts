// Goal: an address says everything a reader chose, and never sends one to another site.
import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, grainOf, linkTo, safeReturn, spanOf } from "../src/address";
import { byKey, matches, PAGES } from "../src/frame/places";

const NOW = new Date("2026-03-01T12:00:30Z");

test("an absolute range wins over a named one; nonsense falls back to 35 days", () => {
  const absolute = new URLSearchParams(
    "from=2026-02-01T00:00:00Z&to=2026-02-02T00:00:00Z&range=7d",
  );
  assert.equal(spanOf(absolute, NOW).range, null);
  assert.equal(grainOf(spanOf(absolute, NOW)), "hour");
  const turned = new URLSearchParams("from=2026-02-02T00:00:00Z&to=2026-02-01T00:00:00Z");
  assert.equal(spanOf(turned, NOW).range, "35d");
  assert.equal(spanOf(new URLSearchParams("range=constructor"), NOW).range, "35d");
  assert.equal(grainOf(spanOf(new URLSearchParams(), NOW)), "day");
});

test("links keep the scope and drop the rest", () => {
  const here = new URLSearchParams("project=demo&environment=prod&event=7&range=7d");
  assert.equal(linkTo("/data/health", here), "/data/health?project=demo&environment=prod&range=7d");
  assert.equal(linkTo("/", new URLSearchParams()), "/");
  assert.equal(changed(here, { event: "" }).has("event"), false);
  assert.equal(here.get("event"), "7");
});

test("login never leads to another site", () => {
  for (const bad of ["//evil.example", "/\\evil.example", "https://evil.example", "", null]) {
    assert.equal(safeReturn(bad), "/");
  }
  assert.equal(safeReturn("/data/events?name=x"), "/data/events?name=x");
});

test("each page has its own letter and is found by its words", () => {
  assert.equal(new Set(PAGES.map((page) => page.key)).size, PAGES.length);
  assert.equal(byKey("h")?.path, "/");
  assert.equal(byKey("z"), undefined);
  assert.ok(matches("Live events data quarantine", "quar live"));
  assert.ok(!matches("Live events", "health"));
});
