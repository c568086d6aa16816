// Puts a poll's new rows above those already shown; each list keeps at most 200.

import type { LiveEvents } from "../shapes";

const KEPT = 200;

function above<T extends { ordinal: number }>(fresh: T[], shown: T[]): T[] {
  const known = new Set(shown.map((row) => row.ordinal));
  return [...fresh.filter((row) => !known.has(row.ordinal)), ...shown].slice(0, KEPT);
}

export function merged(before: LiveEvents | null, next: LiveEvents): LiveEvents {
  if (!before) return next;
  const accepted = above(next.accepted, before.accepted);
  const rejected = above(next.rejected, before.rejected);
  const hasAny = accepted.length > 0 || rejected.length > 0;
  const state = next.state === "empty" && hasAny ? "ok" : next.state;
  const sentence = next.state === "empty" && hasAny ? before.sentence : next.sentence;
  const newest = Math.max(before.newest_ordinal, next.newest_ordinal);
  return { ...next, state, sentence, newest_ordinal: newest, accepted, rejected };
}
