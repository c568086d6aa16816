// What a chart says, in words and in rows: for screen readers, the table view and the CSV.

import { figure } from "../words/numbers";
import { bucketName } from "../words/times";

export interface Line {
  label: string;
  values: (number | null)[];
}

export interface ChartFacts {
  buckets: string[];
  grain: string;
  unit: string;
  lines: Line[];
  isComplete: boolean[];
}

function present(values: (number | null)[]): number[] {
  return values.filter((value): value is number => value !== null);
}

/** One or two sentences: range, latest complete value, extremes, what is incomplete. */
export function summary(facts: ChartFacts): string {
  const [first] = facts.buckets;
  const last = facts.buckets.at(-1);
  const main = facts.lines[0];
  const values = main ? present(main.values) : [];
  if (!first || !last || !main || values.length === 0) return "No data in this range.";
  const span = `${bucketName(first, facts.grain)} to ${bucketName(last, facts.grain)}`;
  const latest = latestComplete(facts, main);
  const low = figure(Math.min(...values), facts.unit);
  const high = figure(Math.max(...values), facts.unit);
  const open = facts.isComplete.filter((done) => !done).length;
  const tail = open
    ? ` The last ${open === 1 ? "bucket is" : `${open} buckets are`} incomplete.`
    : "";
  const now = latest === null ? "" : ` latest complete ${figure(latest, facts.unit)},`;
  return `${main.label}, ${span}:${now} lowest ${low}, highest ${high}.${tail}`;
}

function latestComplete(facts: ChartFacts, line: Line): number | null {
  for (let i = line.values.length - 1; i >= 0; i -= 1) {
    const value = line.values[i];
    if (facts.isComplete[i] && value !== null && value !== undefined) return value;
  }
  return null;
}

function csvCell(value: string): string {
  // A leading = + - @ would run as a formula in a spreadsheet.
  const safe = /^[=+\-@]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The chart's rows with UTC instants; simulated figures say so in each row. */
export function csv(facts: ChartFacts, isSimulated: boolean): string {
  const names = facts.lines.map((line) =>
    facts.unit ? `${line.label} (${facts.unit})` : line.label,
  );
  const header = ["bucket_utc", ...names, "is_complete", "is_simulated"];
  const rows = facts.buckets.map((bucket, i) => [
    bucket,
    ...facts.lines.map((line) => String(line.values[i] ?? "")),
    String(facts.isComplete[i] ?? true),
    String(isSimulated),
  ]);
  return `${[header, ...rows].map((row) => row.map(csvCell).join(",")).join("\n")}\n`;
}
