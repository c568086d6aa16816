// Where a goal's interval and target lie on a strip of 112 units, 4 in from the left.

import type { Goal } from "../shapes";

const LEFT = 4;
const WIDTH = 112;

export interface Whisker {
  low: number;
  high: number;
  value: number;
  target: number | null;
}

/** The level the target stands for: a relative change is taken from the baseline. */
export function targetLevel(goal: Goal): number | null {
  if (goal.target === null) return null;
  if (goal.comparator === "at_least" || goal.comparator === "at_most") return goal.target;
  if (goal.baseline === null) return null;
  return goal.comparator === "relative_change" ? goal.baseline * (1 + goal.target) : goal.baseline;
}

export function whisker(goal: Goal): Whisker | null {
  const { estimate } = goal;
  if (!estimate || estimate.low === null || estimate.high === null) return null;
  const { low, high, value } = estimate;
  const target = targetLevel(goal);
  const seen = [low, high, value, ...(target === null ? [] : [target])];
  const least = Math.min(...seen);
  const span = Math.max(...seen) - least || Math.abs(least) || 1;
  const start = least - span * 0.15;
  const place = (x: number) => Math.round((LEFT + ((x - start) / (span * 1.3)) * WIDTH) * 10) / 10;
  return {
    low: place(low),
    high: place(high),
    value: place(value),
    target: target === null ? null : place(target),
  };
}
