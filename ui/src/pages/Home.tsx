// Home: do the goals hold, what needs a person, what happened.

import { REFRESH_MS, type Loaded, useAnswer } from "../answers";
import { linkTo } from "../address";
import { SeriesChart } from "../charts/SeriesChart";
import { Icon } from "../parts/icons";
import { Panel } from "../parts/panel";
import { Answered, Empty, Stale } from "../parts/states";
import { Time } from "../parts/time";
import { usePlace } from "../router";
import { groupOf, type Scope } from "../scope";
import type { Happening, MetricSeries, Need, Overview } from "../shapes";
import { figure, sentence } from "../words/numbers";
import { DelayChart } from "./DelayChart";
import { GoalsPanel } from "./Goals";
import { HowToSend } from "./HowToSend";

export function HomePage({ scope }: { scope: Scope }) {
  const overview = useAnswer<Overview>(`/api/overview?${scope.query}`, {
    everyMs: REFRESH_MS,
    group: groupOf(scope, "overview"),
  });
  return (
    <div class="page">
      <Answered loaded={overview} skeleton={2}>
        {(answer) => (
          <>
            <h1>{answer.headline}</h1>
            <Stale answer={answer} />
            {answer.state === "empty" ? <FirstSteps scope={scope} /> : null}
            <Needs needs={answer.needs} />
          </>
        )}
      </Answered>
      <GoalsPanel scope={scope} />
      {overview.answer?.state === "empty" ? null : <Evidence scope={scope} overview={overview} />}
    </div>
  );
}

function Evidence({ scope, overview }: { scope: Scope; overview: Loaded<Overview> }) {
  return (
    <>
      <div class="pair">
        <ActivationChart scope={scope} loadedOverview={overview} />
        {overview.answer ? (
          <DelayChart title={DELAY_TITLE} answer={overview.answer} delay={overview.answer.delay} />
        ) : (
          <Panel title={DELAY_TITLE}>
            <Answered loaded={overview} skeleton={8}>
              {() => null}
            </Answered>
          </Panel>
        )}
      </div>
      <Answered loaded={overview}>{(answer) => <Happened happened={answer.happened} />}</Answered>
    </>
  );
}

function FirstSteps({ scope }: { scope: Scope }) {
  return (
    <Empty title={`No event has arrived in ${scope.project}, ${scope.environment} yet`}>
      <p>Goals, activation and delays appear here a few seconds after the first event. Send one:</p>
      <HowToSend />
    </Empty>
  );
}

export function Needs({ needs }: { needs: Need[] }) {
  const { params } = usePlace();
  if (needs.length === 0) return null;
  return (
    <section aria-labelledby="needs" class="needs">
      <h2 id="needs">What to do now</h2>
      <ul>
        {needs.map((need) => (
          <li key={need.sentence} class={need.severity}>
            <Icon name="warn" label={need.severity === "bad" ? "Broken" : "Warning"} />
            <div>
              <strong>{need.sentence}</strong>
              <p>{sentence(need.cure)}</p>
            </div>
            {need.link ? <a href={linkTo(need.link, params)}>Look</a> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

const DELAY_TITLE = "How old is an event when it can be counted?";
const ACTIVATION_TITLE = "Do new people get to the point?";

interface ActivationProps {
  scope: Scope;
  loadedOverview: Loaded<Overview>;
}

function ActivationChart({ scope, loadedOverview }: ActivationProps) {
  const overview = loadedOverview.answer;
  const metric = overview?.activation_metric ?? null;
  const loaded = useAnswer<MetricSeries>(
    metric ? `/api/metrics/${encodeURIComponent(metric)}/series?${scope.query}` : null,
    { everyMs: REFRESH_MS, group: groupOf(scope, `series:${metric ?? ""}`) },
  );
  if (loaded.answer) return <ActivationSeries answer={loaded.answer} overview={overview} />;
  return (
    <Panel title={ACTIVATION_TITLE}>
      {overview && !metric ? (
        <Empty title="No activation metric is defined">
          <p>A ratio in metrics.yml whose name has the word activation fills this chart.</p>
        </Empty>
      ) : (
        <Answered<unknown> loaded={overview ? loaded : loadedOverview} skeleton={8}>
          {() => null}
        </Answered>
      )}
    </Panel>
  );
}

function ActivationSeries({
  answer,
  overview,
}: {
  answer: MetricSeries;
  overview: Overview | null;
}) {
  const { points } = answer;
  const latest = points.findLast((point) => point.is_complete && point.value !== null);
  if (!points.some((point) => point.value !== null)) {
    return (
      <Panel title={ACTIVATION_TITLE} asOf={answer.as_of} isSimulated={answer.is_simulated}>
        <Empty title={answer.state === "away" ? answer.sentence : "No data in this range"}>
          <p>
            {answer.cure || "Nobody signed up in it, or nobody's time to activate is over yet."}
          </p>
        </Empty>
      </Panel>
    );
  }
  const title = latest
    ? `${answer.title}: ${figure(latest.value, answer.unit)} of the latest complete group`
    : answer.title;
  return (
    <SeriesChart
      title={title}
      name={answer.name}
      asOf={answer.as_of}
      isSimulated={answer.is_simulated}
      definition={<Definition answer={answer} />}
      facts={{
        buckets: points.map((point) => point.bucket),
        grain: answer.grain,
        unit: answer.unit,
        isComplete: points.map((point) => point.is_complete),
        limits: [],
        marks: (overview?.happened ?? [])
          .filter((happening) => happening.kind === "deployment" || happening.kind === "plan")
          .map((happening) => ({ at: happening.at, label: happening.sentence })),
        lines: [
          {
            label: answer.title,
            colour: 1,
            values: points.map((point) => point.value),
            low: points.map((point) => point.low),
            high: points.map((point) => point.high),
          },
        ],
      }}
    />
  );
}

function Definition({ answer }: { answer: MetricSeries }) {
  return (
    <>
      <p>{answer.description}</p>
      <p class="muted">
        Metric <code>{answer.name}</code>
        {answer.owner ? `, owned by ${answer.owner}` : ""}. The band is the 95 % interval.
      </p>
    </>
  );
}

const KIND_WORD: Record<Happening["kind"], string> = {
  deployment: "Deployment",
  plan: "Tracking plan",
  build: "Models",
  process: "Process",
  event: "New event",
  rejections: "Rejections",
};

function Happened({ happened }: { happened: Happening[] }) {
  return (
    <Panel title="What happened">
      {happened.length === 0 ? (
        <Empty title="Nothing in this range">
          <p>Deployments, plan changes, new events and restarts are listed here as they happen.</p>
        </Empty>
      ) : (
        <ol class="happened">
          {happened.map((happening) => (
            <li key={happening.at + happening.sentence}>
              <Time at={happening.at} />
              <span class="kind">{KIND_WORD[happening.kind]}</span>
              <span>{happening.sentence}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
