// uPlot options for one series chart: band, dashed incomplete tail, limits, marks.

import type uPlot from "uplot";
import { token } from "../theme";
import { openTail } from "./tail";
import { figure } from "../words/numbers";
import { bucketName, clock, localDay } from "../words/times";

export interface Limit {
  value: number;
  label: string;
  tone: "good" | "bad" | "muted";
}

export interface Mark {
  at: string;
  label: string;
}

export interface PlotLine {
  label: string;
  colour: number;
  values: (number | null)[];
  low?: (number | null)[];
  high?: (number | null)[];
}

export interface PlotFacts {
  buckets: string[];
  grain: string;
  unit: string;
  lines: PlotLine[];
  isComplete: boolean[];
  limits: Limit[];
  marks: Mark[];
}

const DAYS = [1, 2, 7, 14, 28, 91, 182, 364];

type Values = (number | null)[];

/** Columns for uPlot: seconds, then for each line low, high, solid, dashed. */
export function columns(facts: PlotFacts): uPlot.AlignedData {
  const x = facts.buckets.map((bucket) => Date.parse(bucket) / 1000);
  const out: Values[] = [];
  for (const line of facts.lines) {
    const none = line.values.map(() => null);
    out.push(hideOpen(line.low ?? none, facts), hideOpen(line.high ?? none, facts));
    out.push(hideOpen(line.values, facts), openTail(line.values, facts.isComplete));
  }
  return [x, ...out] as uPlot.AlignedData;
}

function hideOpen(values: Values, facts: PlotFacts): Values {
  return values.map((value, i) => (facts.isComplete[i] ? value : null));
}

function seriesOf(facts: PlotFacts): { series: uPlot.Series[]; bands: uPlot.Band[] } {
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const line of facts.lines) {
    const stroke = token(`--series-${line.colour}`);
    const start = series.length;
    const edge = { stroke: "transparent", points: { show: false } };
    series.push(edge, edge);
    const isShort = facts.buckets.length < 3;
    series.push({ stroke, width: 2, points: { show: isShort, size: 6 }, spanGaps: false });
    series.push({ stroke, width: 2, dash: [4, 4], points: { show: isShort, size: 6 } });
    bands.push({ series: [start + 1, start], fill: withAlpha(stroke, 0.18) });
  }
  return { series, bands };
}

function withAlpha(hex: string, alpha: number): string {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return `rgba(${part(1)}, ${part(3)}, ${part(5)}, ${alpha})`;
}

function drawLimits(u: uPlot, facts: PlotFacts): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.lineWidth = ratio;
  for (const limit of facts.limits) {
    const y = Math.round(u.valToPos(limit.value, "y", true));
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    const colour = token(`--${limit.tone}`);
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.textAlign = "left";
    ctx.fillText(limit.label, bbox.left + 4 * ratio, y - 4 * ratio);
  }
  ctx.restore();
}

function drawMarks(u: uPlot, facts: PlotFacts): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = token("--muted");
  ctx.fillStyle = token("--muted");
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.lineWidth = ratio;
  ctx.textAlign = "left";
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  const right = bbox.left + bbox.width;
  const placed = facts.marks
    .map(({ at, label }) => ({
      x: Math.round(u.valToPos(Date.parse(at) / 1000, "x", true)),
      label,
    }))
    .filter(({ x }) => x >= bbox.left && x <= right)
    .sort((a, b) => a.x - b.x);
  for (const [i, { x, label }] of placed.entries()) {
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // A label that would run into the next mark is left to the hover and the list of happenings.
    const end = x + ctx.measureText(label).width + 8 * ratio;
    if (end < (placed[i + 1]?.x ?? right))
      ctx.fillText(label, x + 4 * ratio, bbox.top + 10 * ratio);
  }
  ctx.restore();
}

export interface PlotHooks {
  onHover: (index: number | null, left: number) => void;
  onZoom: (from: Date, to: Date) => void;
}

export function options(
  facts: PlotFacts,
  size: { width: number; height: number },
  hooks: PlotHooks,
): uPlot.Options {
  const isUtcDay = facts.grain === "day" || facts.grain === "week";
  // Whole days only: a tick at noon would repeat the day.
  const dayTicks = isUtcDay ? { incrs: DAYS.map((days) => days * 86_400) } : {};
  const axis = {
    stroke: token("--muted"),
    grid: { stroke: token("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  // Digits follow the distance between ticks, so that no two ticks read the same.
  const yTicks: uPlot.Axis.Values = (_u, at, _axis, _space, step) =>
    at.map((v) => figure(v, facts.unit, Math.max(0, -Math.floor(Math.log10(step * 100) + 1e-9))));
  const top = Math.max(0, ...facts.limits.map((limit) => limit.value));
  return {
    ...size,
    padding: [12, 28, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
    scales: {
      x: { time: true, range: (_u, min, max) => roomy(min, max, facts.grain) },
      // Zero is drawn so that a small move does not look like a large one.
      y: { range: (_u, _min, max) => [0, Math.max(max, top, 0) * 1.12 || 1] },
    },
    axes: [
      {
        ...axis,
        ...dayTicks,
        size: 28,
        space: 90,
        values: (_u, at) => at.map((s) => tick(s, facts.grain)),
      },
      { ...axis, size: 56, space: 40, values: yTicks },
    ],
    ...(isUtcDay ? { tzDate: utcDate } : {}),
    ...seriesOf(facts),
    hooks: {
      draw: [(u) => drawLimits(u, facts), (u) => drawMarks(u, facts)],
      setCursor: [(u) => hooks.onHover(u.cursor.idx ?? null, u.cursor.left ?? 0)],
      setSelect: [(u) => zoom(u, hooks)],
    },
  };
}

const GRAIN_S: Record<string, number> = { minute: 60, hour: 3600, day: 86_400, week: 604_800 };

/** One lone bucket would sit on the edge of an axis without length. */
function roomy(min: number, max: number, grain: string): [number, number] {
  const step = GRAIN_S[grain] ?? 86_400;
  return max - min >= 2 * step ? [min, max] : [min - 2 * step, max + 2 * step];
}

/** The instant whose local reading is the UTC reading: how uPlot is told to tick at UTC days. */
function utcDate(seconds: number): Date {
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() + at.getTimezoneOffset() * 60_000);
}

function tick(seconds: number, grain: string): string {
  const at = new Date(seconds * 1000);
  if (grain === "week" || grain === "day") return bucketName(at, "day");
  const isMidnight = at.getHours() === 0 && at.getMinutes() === 0;
  return isMidnight ? localDay(at) : clock(at);
}

function zoom(u: uPlot, hooks: PlotHooks): void {
  if (u.select.width < 8) return;
  const at = (px: number) => new Date(Math.round(u.posToVal(px, "x") / 60) * 60_000);
  hooks.onZoom(at(u.select.left), at(u.select.left + u.select.width));
  u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
}
