// The address holds every choice a reader made, so that a copied link shows the same page.

export const RANGES = {
  "1h": { label: "Last hour", hours: 1 },
  "24h": { label: "Last 24 hours", hours: 24 },
  "7d": { label: "Last 7 days", hours: 168 },
  "35d": { label: "Last 35 days", hours: 840 },
  "90d": { label: "Last 90 days", hours: 2160 },
} as const;

export type RangeName = keyof typeof RANGES;
export const DEFAULT_RANGE: RangeName = "35d";
const SCOPE = ["project", "environment", "range", "from", "to"];
const HOUR_MS = 3_600_000;

export interface Span {
  from: Date;
  to: Date;
  range: RangeName | null;
}

function isRange(text: string): text is RangeName {
  return Object.hasOwn(RANGES, text);
}

/** The span an address asks for: absolute from/to win, then range, then 35 days. */
export function spanOf(params: URLSearchParams, now: Date): Span {
  const from = new Date(params.get("from") ?? "");
  const to = new Date(params.get("to") ?? "");
  if (from.getTime() < to.getTime()) return { from, to, range: null };
  const named = params.get("range") ?? "";
  const range = isRange(named) ? named : DEFAULT_RANGE;
  // Ends are rounded up to a minute so that two panels of one page ask the same question.
  const end = new Date(Math.ceil(now.getTime() / 60_000) * 60_000);
  return { from: new Date(end.getTime() - RANGES[range].hours * HOUR_MS), to: end, range };
}

/** The grain that gives a readable number of points for a span. */
export function grainOf(span: Span): "hour" | "day" | "week" {
  const hours = (span.to.getTime() - span.from.getTime()) / HOUR_MS;
  if (hours <= 72) return "hour";
  return hours <= 24 * 120 ? "day" : "week";
}

/** A link to another page that keeps project, environment and time range. */
export function linkTo(path: string, current: URLSearchParams): string {
  const [bare = "/", own = ""] = path.split("?");
  const next = new URLSearchParams();
  for (const name of SCOPE) {
    const value = current.get(name);
    if (value) next.set(name, value);
  }
  for (const [name, value] of new URLSearchParams(own)) next.set(name, value);
  const text = next.toString();
  return text ? `${bare}?${text}` : bare;
}

/** The same address with some choices changed; an empty string takes a choice out. */
export function changed(
  current: URLSearchParams,
  changes: Readonly<Record<string, string>>,
): URLSearchParams {
  const next = new URLSearchParams(current);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next;
}

/** Where login may send the reader back to: a path of this site, never another site. */
export function safeReturn(text: string | null): string {
  return text && /^\/(?![/\\])/.test(text) ? text : "/";
}
