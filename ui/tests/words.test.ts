// Goal: figures carry their unit and no more digits than they can support.
import assert from "node:assert/strict";
import { test } from "node:test";
import { change, digitsFor, figure, MISSING, seconds, withInterval } from "../src/words/numbers";
import { bucketName, relative } from "../src/words/times";

test("a share is shown in per cent, and null is never zero", () => {
  assert.equal(figure(0.4234, "percent"), "42.3 %");
  assert.equal(figure(0, "percent"), "0.0 %");
  assert.equal(figure(null, "percent"), MISSING);
  assert.equal(figure(Number.NaN, "percent"), MISSING);
});

test("digits follow the half width of the interval", () => {
  assert.equal(withInterval(0.4234, 0.4154, 0.4314, "percent"), "42.34 % ± 0.80");
  assert.equal(withInterval(0.42, 0.3, 0.54, "percent"), "42 % ± 12");
  assert.equal(withInterval(0.42, 0.42, 0.42, "percent"), "42.0 %");
  assert.equal(digitsFor(0), 1);
});

test("a change of a share is in points and keeps its sign", () => {
  assert.equal(change(0.021, "percent"), "+2.1 points");
  assert.equal(change(-0.021, "percent"), "−2.1 points");
  assert.equal(change(0, "percent"), "±0.0 points");
});

test("durations pick their unit", () => {
  assert.equal(seconds(0.25), "250 ms");
  assert.equal(seconds(4.21), "4.2 s");
  assert.equal(seconds(600), "10 min");
  assert.equal(seconds(9000), "2.5 h");
});

test("instants are relative below an hour; day buckets are UTC days", () => {
  const now = new Date("2026-03-01T12:00:00Z");
  assert.equal(relative("2026-03-01T11:59:58Z", now), "just now");
  assert.equal(relative("2026-03-01T11:48:00Z", now), "12 min ago");
  assert.match(relative("2026-02-20T11:48:00Z", now), /20 Feb/);
  assert.equal(bucketName("2026-03-01T00:00:00Z", "day"), "1 Mar");
});
