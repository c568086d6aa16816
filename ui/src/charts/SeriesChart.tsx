// A line over time, with its band, in a panel: chart, table and CSV of the same rows.

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { useCopy } from "../parts/copy";
import { Menu, Panel } from "../parts/panel";
import { Table } from "../parts/table";
import { choose } from "../router";
import { figure, unitWord } from "../words/numbers";
import { bucketName } from "../words/times";
import { columns, options, type PlotFacts } from "./plot";
import { csv, summary } from "./summary";

const HEIGHT_PX = 220;

interface SeriesChartProps {
  title: string;
  name: string;
  facts: PlotFacts;
  asOf: string | null;
  isSimulated: boolean;
  definition: ComponentChildren;
  note?: string;
}

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

export function SeriesChart(props: SeriesChartProps) {
  const { title, name, facts, asOf, isSimulated, definition, note } = props;
  const [view, setView] = useState<"chart" | "table">("chart");
  const [isDefined, setDefined] = useState(false);
  const [isCopied, copy] = useCopy();
  const said = summary(facts);
  const menu = (
    <Menu label={`${title}: table, CSV, definition, link`}>
      <button type="button" onClick={() => setView(view === "chart" ? "table" : "chart")}>
        {view === "chart" ? "Show as table" : "Show as chart"}
      </button>
      <button type="button" onClick={() => download(`${name}.csv`, csv(facts, isSimulated))}>
        Download CSV
      </button>
      <button type="button" onClick={() => setDefined(!isDefined)}>
        {isDefined ? "Hide definition" : "Show definition"}
      </button>
      <button type="button" onClick={() => copy(location.href)}>
        Copy link
      </button>
    </Menu>
  );
  return (
    <Panel title={title} asOf={asOf} isSimulated={isSimulated} menu={menu}>
      {isDefined ? <div class="definition">{definition}</div> : null}
      {view === "chart" ? <Plot facts={facts} said={said} /> : <Rows title={title} facts={facts} />}
      <p class="chart-note">
        {note ?? said}
        <span class="hidden" aria-live="polite">
          {isCopied ? "Link copied" : ""}
        </span>
      </p>
    </Panel>
  );
}

interface Row {
  index: number;
  bucket: string;
}

function Rows({ title, facts }: { title: string; facts: PlotFacts }) {
  const rows: Row[] = facts.buckets.map((bucket, index) => ({ bucket, index })).reverse();
  const suffix = facts.unit ? ` (${unitWord(facts.unit)})` : "";
  return (
    <Table
      caption={title}
      rows={rows}
      rowKey={(row) => row.bucket}
      columns={[
        {
          name: facts.grain === "hour" ? "From" : "UTC day",
          cell: (row) =>
            bucketName(row.bucket, facts.grain) +
            (facts.isComplete[row.index] ? "" : ", incomplete"),
          by: (row) => row.bucket,
        },
        ...facts.lines.map((line) => ({
          name: line.label + suffix,
          isNumber: true,
          cell: (row: Row) => lineCell(line, row.index, facts.unit),
          by: (row: Row) => line.values[row.index] ?? -1,
        })),
      ]}
    />
  );
}

function lineCell(line: PlotFacts["lines"][number], index: number, unit: string): string {
  const value = line.values[index] ?? null;
  const low = line.low?.[index] ?? null;
  const high = line.high?.[index] ?? null;
  if (value === null || low === null || high === null) return figure(value, unit);
  return `${figure(value, unit)} (${figure(low, unit)} to ${figure(high, unit)})`;
}

function Plot({ facts, said }: { facts: PlotFacts; said: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<{ index: number; isRight: boolean } | null>(null);
  const [look, setLook] = useState(0);
  const key = useMemo(() => JSON.stringify(facts), [facts]);

  useEffect(() => {
    const redraw = () => setLook((before) => before + 1);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    addEventListener("liftline-theme", redraw);
    dark.addEventListener("change", redraw);
    return () => {
      removeEventListener("liftline-theme", redraw);
      dark.removeEventListener("change", redraw);
    };
  }, []);

  useEffect(() => {
    const host = box.current;
    if (!host || facts.buckets.length === 0) return;
    const size = { width: host.clientWidth, height: HEIGHT_PX };
    const hooks = {
      onHover: (index: number | null, left: number) =>
        setHover(index === null || left < 0 ? null : { index, isRight: left > size.width / 2 }),
      onZoom: (from: Date, to: Date) =>
        choose({ from: from.toISOString(), to: to.toISOString(), range: "" }),
    };
    const plot = new uPlot(options(facts, size, hooks), columns(facts), host);
    const observer = new ResizeObserver(() => {
      if (host.clientWidth !== plot.width) {
        size.width = host.clientWidth;
        plot.setSize({ width: host.clientWidth, height: HEIGHT_PX });
      }
    });
    observer.observe(host);
    return () => {
      observer.disconnect();
      plot.destroy();
      setHover(null);
    };
  }, [key, look]);

  return (
    <div class="plot">
      <div class="plot-area" ref={box} role="img" aria-label={said} />
      {hover ? <Hover facts={facts} index={hover.index} isRight={hover.isRight} /> : null}
      <Legend facts={facts} />
    </div>
  );
}

function Legend({ facts }: { facts: PlotFacts }) {
  const hasBand = facts.lines.some((line) => line.low?.some((value) => value !== null));
  const hasOpen = facts.isComplete.includes(false);
  if (facts.lines.length < 2 && !hasBand && !hasOpen) return null;
  return (
    <ul class="legend">
      {facts.lines.map((line) => (
        <li key={line.label}>
          <span class={`swatch series-${line.colour}`} />
          {line.label}
        </li>
      ))}
      {hasBand ? (
        <li>
          <span class={`swatch band series-${facts.lines[0]?.colour ?? 1}`} />
          95 % interval
        </li>
      ) : null}
      {hasOpen ? (
        <li>
          <span class={`swatch dashed series-${facts.lines[0]?.colour ?? 1}`} />
          incomplete
        </li>
      ) : null}
    </ul>
  );
}

function Hover(props: { facts: PlotFacts; index: number; isRight: boolean }) {
  const { facts, index, isRight } = props;
  const bucket = facts.buckets[index];
  if (bucket === undefined) return null;
  const next = facts.buckets[index + 1] ?? "9999";
  const marks = facts.marks.filter((mark) => mark.at >= bucket && mark.at < next);
  return (
    <div class={`hover ${isRight ? "left" : "right"}`} aria-hidden="true">
      <strong>{bucketName(bucket, facts.grain)}</strong>
      {facts.isComplete[index] ? null : <span class="muted"> incomplete</span>}
      {facts.lines.map((line) => (
        <div key={line.label}>
          <span class={`swatch series-${line.colour}`} />
          {line.label} <b>{lineCell(line, index, facts.unit)}</b>
        </div>
      ))}
      {marks.map((mark) => (
        <div key={mark.at + mark.label}>{mark.label}</div>
      ))}
    </div>
  );
}
