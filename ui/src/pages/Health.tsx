// Data health: does every event add up, is the data fresh, do the processes run.

import { REFRESH_MS, useAnswer } from "../answers";
import { Icon } from "../parts/icons";
import { Panel } from "../parts/panel";
import { Answered, Empty, Stale } from "../parts/states";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { groupOf, type Scope } from "../scope";
import type { DbtBuild, Health, Storage, WarehouseReading } from "../shapes";
import { bytes, count, plural, seconds, sentence } from "../words/numbers";
import { DelayChart } from "./DelayChart";
import { Needs } from "./Home";
import { LedgerPanel } from "./Ledger";
import { ProcessesPanel } from "./Processes";

export function HealthPage({ scope }: { scope: Scope }) {
  const loaded = useAnswer<Health>(`/api/health?${scope.query}`, {
    everyMs: REFRESH_MS,
    group: groupOf(scope, "health"),
  });
  return (
    <div class="page">
      <Answered loaded={loaded} skeleton={10}>
        {(answer) => (
          <>
            <h1>{answer.headline}</h1>
            <Stale answer={answer} />
            <Needs needs={answer.needs} />
            <LedgerPanel answer={answer} scope={scope} />
            <div class="pair">
              <DelayChart
                title="How long do events wait before they can be counted?"
                answer={answer}
                delay={answer.freshness}
              />
              <DeadLettersPanel answer={answer} />
            </div>
            <ProcessesPanel processes={answer.processes} />
            <div class="pair">
              <StoragePanel answer={answer} />
              <BuildPanel answer={answer} />
            </div>
          </>
        )}
      </Answered>
    </div>
  );
}

function DeadLettersPanel({ answer }: { answer: Health }) {
  return (
    <Panel
      title="Which events were turned away, and why?"
      asOf={answer.as_of}
      isSimulated={answer.is_simulated}
    >
      {answer.dead_letters.length === 0 ? (
        <Empty title="None in this range">
          <p>Rejected and conflicting events are counted here by reason and source.</p>
        </Empty>
      ) : (
        <Table
          caption="Dead letters by reason and source"
          rows={answer.dead_letters}
          rowKey={(row) => `${row.code} ${row.source_id}`}
          columns={[
            {
              name: "Reason",
              by: (row) => row.code,
              cell: (row) => (
                <>
                  <code>{row.code}</code>
                  <span class="cell-more">{sentence(row.cure)}</span>
                </>
              ),
            },
            { name: "Source", by: (row) => row.source_id, cell: (row) => row.source_id },
            {
              name: "Events",
              isNumber: true,
              by: (row) => row.events,
              cell: (row) => count(row.events),
            },
            {
              name: "Last",
              by: (row) => row.last_at,
              cell: (row) => <Time at={row.last_at} />,
            },
          ]}
        />
      )}
    </Panel>
  );
}

function growth(row: Storage): string {
  return row.bytes_per_million === null ? "no events yet" : bytes(row.bytes_per_million);
}

function StoragePanel({ answer }: { answer: Health }) {
  return (
    <Panel title="What does a million events cost on disk?" asOf={answer.as_of}>
      <Table
        caption="Disk use"
        rows={answer.storage}
        rowKey={(row) => row.name}
        columns={[
          { name: "Part", cell: (row) => row.name },
          {
            name: "Size",
            isNumber: true,
            by: (row) => row.size_bytes,
            cell: (row) => bytes(row.size_bytes),
          },
          {
            name: "Events",
            isNumber: true,
            by: (row) => row.events,
            cell: (row) => count(row.events),
          },
          { name: "Per million events", isNumber: true, cell: growth },
        ]}
      />
      <p class="chart-note">
        The whole installation: all projects share one log and one warehouse.
      </p>
    </Panel>
  );
}

function buildSentence(build: DbtBuild): string {
  if (!build.is_ok) return `The last build failed in ${plural(build.failures.length, "place")}.`;
  const models = plural(build.models_built, "model");
  const tests = plural(build.tests_passed, "test");
  return `The last build was good: ${models}, ${tests} passed, ${seconds(build.duration_s)}.`;
}

function BuildPanel({ answer }: { answer: Health }) {
  const { build, warehouse } = answer;
  return (
    <Panel title="Are the models up to date?" asOf={build?.started_at ?? null}>
      {build ? (
        <>
          <p class={`verdict ${build.is_ok ? "good" : "bad"}`}>
            <Icon name={build.is_ok ? "good" : "bad"} />
            {buildSentence(build)}
          </p>
          {build.failures.length > 0 ? (
            <ul class="failures">
              {build.failures.map((failure) => (
                <li key={failure}>
                  <code>{failure}</code>
                </li>
              ))}
            </ul>
          ) : null}
        </>
      ) : (
        <Empty title="No build yet">
          <p>dbt builds the models a few seconds after the first events were loaded.</p>
        </Empty>
      )}
      {warehouse ? <WarehouseFacts warehouse={warehouse} /> : null}
    </Panel>
  );
}

function WarehouseFacts({ warehouse }: { warehouse: WarehouseReading }) {
  return (
    <dl class="facts">
      <div>
        <dt>Loader</dt>
        <dd>{warehouse.state}</dd>
      </div>
      <div>
        <dt>Last load</dt>
        <dd>{warehouse.last_load_at ? <Time at={warehouse.last_load_at} /> : "none yet"}</dd>
      </div>
      <div>
        <dt>Waiting in the log</dt>
        <dd>{plural(warehouse.pending_events, "event")}</dd>
      </div>
      <div>
        <dt>Loaded up to</dt>
        <dd>
          <code>{warehouse.loaded_position}</code>
        </dd>
      </div>
    </dl>
  );
}
