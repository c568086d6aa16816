// An instant: relative below an hour, the zone on hover.

import { useEffect, useState } from "preact/hooks";
import { exact, relative } from "../words/times";

const TICK_MS = 10_000;

/** The current time, refreshed every 10 s, so that "2 min ago" does not lie. */
export function useNow(everyMs = TICK_MS): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

export function Time({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={exact(at)}>
      {relative(at, now)}
    </time>
  );
}
