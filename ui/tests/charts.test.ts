// Goal: a chart's words, rows and drawing say the same, and never draw unknown as zero.
import assert from "node:assert/strict";
import { test } from "node:test";
import { colourOf, SERIES_COLOURS } from "../src/charts/palette";
import { csv, summary } from "../src/charts/summary";
import { openTail } from "../src/charts/tail";
import { merged } from "../src/pages/merged";
import { whisker } from "../src/pages/whisker";
import type { Goal, LiveEvents } from "../src/shapes";

const FACTS = {
  buckets: ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"],
  grain: "day",
  unit: "percent",
  lines: [{ label: "D7 activation", values: [0.4, null, 0.2] }],
  isComplete: [true, true, false],
};

test("the summary names range, latest complete value, extremes and what is incomplete", () => {
  assert.equal(
    summary(FACTS),
    "D7 activation, 1 Mar to 3 Mar: latest complete 40.0 %, lowest 20.0 %, highest 40.0 %. " +
      "The last bucket is incomplete.",
  );
  const empty = { ...FACTS, lines: [{ label: "x", values: [null, null, null] }] };
  assert.equal(summary(empty), "No data in this range.");
});

test("the CSV leaves unknown empty, marks simulated rows and defuses formulas", () => {
  const lines = csv({ ...FACTS, lines: [{ label: "=cmd", values: [0.4, null, 0.2] }] }, true)
    .trim()
    .split("\n");
  assert.equal(lines[0], "bucket_utc,'=cmd (percent),is_complete,is_simulated");
  assert.equal(lines[2], "2026-03-02T00:00:00Z,,true,true");
  assert.equal(lines.length, 4);
});

test("the dashed tail starts at the last complete bucket", () => {
  assert.deepEqual(openTail([1, 2, 3], [true, true, false]), [null, 2, 3]);
  assert.deepEqual(openTail([1, 2, 3], [true, true, true]), [null, null, null]);
});

test("a name keeps its colour, inside the palette", () => {
  for (const name of ["web", "api", "", "x".repeat(500), "P50"]) {
    const colour = colourOf(name);
    assert.equal(colour, colourOf(name));
    assert.ok(colour >= 1 && colour <= SERIES_COLOURS);
  }
});

const GOAL: Goal = {
  name: "activation",
  title: "D7 activation at least 50 %",
  metric: "activation_d7",
  unit: "percent",
  status: "off",
  sentence: "",
  needs: "",
  estimate: { value: 0.42, low: 0.4, high: 0.44, n: 900 },
  change: null,
  target: 0.5,
  baseline: 0.42,
  comparator: "at_least",
  due: null,
  owner: "",
};

test("a whisker keeps order and stays on its strip", () => {
  const drawn = whisker(GOAL);
  assert.ok(drawn && drawn.target !== null);
  assert.ok(4 <= drawn.low && drawn.low < drawn.value && drawn.value < drawn.high);
  assert.ok(drawn.high < drawn.target && drawn.target <= 116);
  const relative = whisker({ ...GOAL, comparator: "relative_change", target: 0.06 });
  assert.ok(relative?.target !== null && relative !== null);
  assert.equal(whisker({ ...GOAL, estimate: null }), null);
});

function live(ordinals: number[]): LiveEvents {
  return {
    state: ordinals.length ? "ok" : "empty",
    as_of: null,
    is_simulated: false,
    sentence: ordinals.join(),
    cure: "",
    newest_ordinal: Math.max(-1, ...ordinals),
    accepted: ordinals.map((ordinal) => ({ ordinal }) as LiveEvents["accepted"][number]),
    rejected: [],
  };
}

test("a poll adds above, keeps at most 200, and never shows a row twice", () => {
  const both = merged(live([2, 1]), live([4, 3, 2]));
  assert.deepEqual(
    both.accepted.map((row) => row.ordinal),
    [4, 3, 2, 1],
  );
  const many = live(Array.from({ length: 300 }, (_, i) => 1000 - i));
  assert.equal(merged(live([1]), many).accepted.length, 200);
  const quiet = merged(both, live([]));
  assert.equal(quiet.state, "ok");
  assert.equal(quiet.newest_ordinal, 4);
});
