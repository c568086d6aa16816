// The processes: state, since when, how often restarted, how much memory.

import { Icon } from "../parts/icons";
import { Panel } from "../parts/panel";
import { Empty } from "../parts/states";
import { Table } from "../parts/table";
import { useNow } from "../parts/time";
import type { ProcessReading } from "../shapes";
import { bytes, count } from "../words/numbers";
import { exact, since } from "../words/times";

function word(row: ProcessReading): { text: string; isGood: boolean } {
  if (row.is_ready) return { text: "ready", isGood: true };
  return { text: row.state === "running" ? "running, not ready" : row.state, isGood: false };
}

export function ProcessesPanel({ processes }: { processes: ProcessReading[] }) {
  const now = useNow();
  return (
    <Panel title="Do the processes run?">
      {processes.length === 0 ? (
        <Empty title="No process reported">
          <p>
            The supervisor has written no report. Run <code>liftline doctor</code>.
          </p>
        </Empty>
      ) : (
        <Table
          caption="Processes"
          rows={processes}
          rowKey={(row) => row.name}
          columns={[
            { name: "Process", by: (row) => row.name, cell: (row) => row.name },
            {
              name: "State",
              by: (row) => word(row).text,
              cell: (row) => {
                const { text, isGood } = word(row);
                return (
                  <span class={`status ${isGood ? "good" : "bad"}`}>
                    <Icon name={isGood ? "good" : "bad"} />
                    {text}
                  </span>
                );
              },
            },
            {
              name: "Up for",
              isNumber: true,
              by: (row) => row.started_at ?? "",
              cell: (row) =>
                row.started_at ? (
                  <time dateTime={row.started_at} title={exact(row.started_at)}>
                    {since(row.started_at, now)}
                  </time>
                ) : (
                  "not started"
                ),
            },
            {
              name: "Restarts",
              isNumber: true,
              by: (row) => row.restarts,
              cell: (row) => count(row.restarts),
            },
            {
              name: "Memory",
              isNumber: true,
              by: (row) => row.rss_bytes ?? 0,
              cell: (row) => (row.rss_bytes === null ? "no data" : bytes(row.rss_bytes)),
            },
            { name: "Pid", isNumber: true, cell: (row) => (row.pid === null ? "none" : row.pid) },
          ]}
        />
      )}
    </Panel>
  );
}
