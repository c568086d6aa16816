// The ledger: every event received is exactly one of seven things, and the sum is shown.

import { Icon } from "../parts/icons";
import { Panel } from "../parts/panel";
import { Empty } from "../parts/states";
import { Table } from "../parts/table";
import type { Scope } from "../scope";
import type { Health, Ledger, LedgerRow } from "../shapes";
import { count } from "../words/numbers";

const PARTS = [
  ["accepted", "Accepted", "counted in every figure"],
  ["duplicate", "Duplicate", "the same event sent again"],
  ["semantic_duplicate", "Semantic duplicate", "a second first time, kept apart"],
  ["conflict", "Conflict", "same key, another body"],
  ["rejected", "Rejected", "broke the tracking plan"],
  ["erased", "Erased", "taken out on request"],
  ["pending", "Pending", "in the log, not yet loaded"],
] as const;

export function LedgerPanel({ answer, scope }: { answer: Health; scope: Scope }) {
  const { ledger } = answer;
  return (
    <Panel
      title="Does every event add up?"
      unit="events"
      asOf={answer.as_of}
      isSimulated={answer.is_simulated}
    >
      {ledger.received === 0 ? (
        <Empty title={`Nothing received in ${scope.project}, ${scope.environment} in this range`}>
          <p>The first event makes the first line of this ledger.</p>
        </Empty>
      ) : (
        <>
          <Sum ledger={ledger} />
          <Verdict ledger={ledger} />
          <Sources ledger={ledger} />
        </>
      )}
    </Panel>
  );
}

function Sum({ ledger }: { ledger: Ledger }) {
  return (
    <dl class="ledger">
      <div class="ledger-total">
        <dt>Received</dt>
        <dd>{count(ledger.received)}</dd>
        <dd class="muted">each is one of these</dd>
      </div>
      {PARTS.map(([name, label, meaning]) => (
        <div key={name} class={ledger[name] === 0 ? "is-zero" : ""}>
          <dt>{label}</dt>
          <dd>{count(ledger[name])}</dd>
          <dd class="muted">{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}

function Verdict({ ledger }: { ledger: Ledger }) {
  const sum = PARTS.map(([name]) => count(ledger[name])).join(" + ");
  if (ledger.is_balanced) {
    return (
      <p class="verdict good">
        <Icon name="good" />
        <span>
          It adds up: {count(ledger.received)} = {sum}.
        </span>
      </p>
    );
  }
  return (
    <p class="verdict bad" role="alert">
      <Icon name="bad" />
      <span>
        {count(Math.abs(ledger.difference))} events are{" "}
        {ledger.difference > 0 ? "missing" : "too many"}: {count(ledger.received)} received, but the
        parts are {sum}.
      </span>
    </p>
  );
}

function Sources({ ledger }: { ledger: Ledger }) {
  const number = (name: keyof Omit<LedgerRow, "source_id">, label: string) => ({
    name: label,
    isNumber: true,
    by: (row: LedgerRow) => row[name],
    cell: (row: LedgerRow) => count(row[name]),
  });
  return (
    <details class="by-source">
      <summary>By source</summary>
      <Table
        caption="The ledger by source"
        rows={ledger.sources}
        rowKey={(row) => row.source_id}
        columns={[
          { name: "Source", by: (row) => row.source_id, cell: (row) => row.source_id },
          number("received", "Received"),
          number("accepted", "Accepted"),
          number("duplicate", "Duplicate"),
          number("semantic_duplicate", "Semantic"),
          number("conflict", "Conflict"),
          number("rejected", "Rejected"),
          number("erased", "Erased"),
        ]}
      />
    </details>
  );
}
