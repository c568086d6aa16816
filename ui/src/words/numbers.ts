// Figures as people read them: with a unit, and no more digits than the interval supports.

export const MISSING = "no data";

/** Digits after the point that a half-width of uncertainty leaves meaningful (0 to 3). */
export function digitsFor(halfWidth: number): number {
  if (!(halfWidth > 0)) return 1;
  return Math.max(0, Math.min(3, 1 - Math.floor(Math.log10(halfWidth))));
}

/** A grouped whole number or a short decimal: 12,345 or 3.2. */
export function count(value: number): string {
  const digits = Number.isInteger(value) ? 0 : 1;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

const RATIO_UNITS = new Set(["ratio", "share", "%", "percent"]);

/** Is the figure stored as a fraction of one and shown in per cent? */
export function isShare(unit: string): boolean {
  return RATIO_UNITS.has(unit);
}

/** The word after the figure. */
export function unitWord(unit: string): string {
  return isShare(unit) ? "%" : unit;
}

/** 0.423 of a ratio as 42.3 %, 12 of "users" as 12 users; `digits` for shares. */
export function figure(value: number | null, unit: string, digits = 1): string {
  if (value === null || !Number.isFinite(value)) return MISSING;
  if (isShare(unit)) return `${(value * 100).toFixed(digits)} %`;
  if (unit === "s" || unit === "seconds") return seconds(value);
  return unit === "" ? count(value) : `${count(value)} ${unit}`;
}

/** "42.3 % ± 0.8": the digits follow the interval's half width. */
export function withInterval(value: number, low: number, high: number, unit: string): string {
  const half = (high - low) / 2;
  if (!(half > 0)) return figure(value, unit);
  if (!isShare(unit)) return `${figure(value, unit)} ± ${count(half)}`;
  const digits = Math.min(2, digitsFor(half * 100));
  return `${(value * 100).toFixed(digits)} % ± ${(half * 100).toFixed(digits)}`;
}

/** A signed change; shares change in points. */
export function change(delta: number, unit: string): string {
  const sign = delta > 0 ? "+" : delta < 0 ? "−" : "±";
  const size = Math.abs(delta);
  if (isShare(unit)) return `${sign}${(size * 100).toFixed(1)} points`;
  return `${sign}${figure(size, unit)}`;
}

/** 0.4 s, 12 s, 3.5 min, 2.1 h, 4 d. */
export function seconds(value: number): string {
  if (value === 0) return "0 s";
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  if (value < 7200) return `${(value / 60).toFixed(value < 600 ? 1 : 0)} min`;
  if (value < 172_800) return `${(value / 3600).toFixed(1)} h`;
  return `${Math.round(value / 86_400)} d`;
}

/** 1536 as 1.5 KiB. */
export function bytes(value: number): string {
  let size = value;
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (Math.abs(size) < 1024) return unit === "B" ? `${size} B` : `${size.toFixed(1)} ${unit}`;
    size /= 1024;
  }
  return `${size.toFixed(1)} TiB`;
}

/** A sentence of its own: a capital in front, a full stop behind. */
export function sentence(text: string): string {
  if (text === "") return "";
  // A name such as user_signed_up keeps its own spelling.
  const isWord = /^[a-z]+(?=[\s,.:;]|$)/.test(text);
  const start = isWord ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

/** "1 event", "2 events". */
export function plural(n: number, word: string): string {
  return `${count(n)} ${word}${n === 1 ? "" : "s"}`;
}
