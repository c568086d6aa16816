// How long events wait between the door and the warehouse, against objective and alert.

import { SeriesChart } from "../charts/SeriesChart";
import { Panel } from "../parts/panel";
import { Empty } from "../parts/states";
import type { Answer, Delay } from "../shapes";
import { seconds } from "../words/numbers";

interface DelayChartProps {
  title: string;
  answer: Answer;
  delay: Delay;
}

/** "P95 4.2 s over this range, inside the 10 min objective." */
export function delaySentence(delay: Delay): string {
  if (delay.p95_s === null) return "No data.";
  const isMet = delay.p95_s <= delay.objective_s;
  const place = isMet ? "inside" : delay.p95_s <= delay.alert_s ? "above" : "far above";
  return (
    `P95 ${seconds(delay.p95_s)} and P50 ${seconds(delay.p50_s ?? 0)} over this range, ` +
    `${place} the ${seconds(delay.objective_s)} objective (alert at ${seconds(delay.alert_s)}).`
  );
}

export function DelayChart({ title, answer, delay }: DelayChartProps) {
  const { points } = delay;
  if (points.length === 0) {
    return (
      <Panel title={title} asOf={answer.as_of} isSimulated={answer.is_simulated}>
        <Empty title="No live event was loaded in this range">
          <p>
            Historical imports do not count as delay. A live event shows up here within seconds.
          </p>
        </Empty>
      </Panel>
    );
  }
  const highest = Math.max(...points.map((point) => point.p95_s));
  // Limits far above the line would flatten it; the sentence below names them instead.
  const isNear = highest > delay.objective_s / 3;
  const limits = isNear
    ? [
        { value: delay.objective_s, label: "objective", tone: "muted" as const },
        { value: delay.alert_s, label: "alert", tone: "bad" as const },
      ]
    : [];
  return (
    <SeriesChart
      title={title}
      name="ingest-delay"
      asOf={answer.as_of}
      isSimulated={answer.is_simulated}
      note={delaySentence(delay)}
      definition={
        <p>
          From the instant the collector received an event to the instant the transaction that
          loaded it was committed. Events flagged historical are left out.
        </p>
      }
      facts={{
        buckets: points.map((point) => point.bucket),
        grain: delay.grain,
        unit: "s",
        isComplete: points.map(() => true),
        limits,
        marks: [],
        lines: [
          { label: "P50", colour: 1, values: points.map((point) => point.p50_s) },
          { label: "P95", colour: 2, values: points.map((point) => point.p95_s) },
        ],
      }}
    />
  );
}
