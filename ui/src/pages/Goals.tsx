// Goals: status in a word, the figure with its interval, the target, the change since last week.

import { REFRESH_MS, useAnswer } from "../answers";
import { Icon, type IconName } from "../parts/icons";
import { Panel } from "../parts/panel";
import { Answered, Empty } from "../parts/states";
import { groupOf, type Scope } from "../scope";
import type { Estimate, Goal, Goals, GoalStatus } from "../shapes";
import { change, figure, sentence, withInterval } from "../words/numbers";
import { whisker } from "./whisker";

const STATUS: Record<GoalStatus, { word: string; icon: IconName; tone: string }> = {
  met: { word: "Met", icon: "good", tone: "good" },
  on_track: { word: "On track", icon: "track", tone: "good" },
  off: { word: "Off", icon: "bad", tone: "bad" },
  no_data: { word: "No data", icon: "unknown", tone: "unknown" },
};

export function GoalsPanel({ scope }: { scope: Scope }) {
  const loaded = useAnswer<Goals>(`/api/goals?${scope.query}`, {
    everyMs: REFRESH_MS,
    group: groupOf(scope, "goals"),
  });
  const { answer } = loaded;
  return (
    <Panel title="Goals" asOf={answer?.as_of ?? null} isSimulated={answer?.is_simulated ?? false}>
      <Answered loaded={loaded} skeleton={6}>
        {({ goals }) =>
          goals.length === 0 ? (
            <Empty title="No goal is defined">
              <p>
                A goal names a metric, a target and a due date in <code>goals.yml</code>.
              </p>
            </Empty>
          ) : (
            <GoalLists goals={goals} />
          )
        }
      </Answered>
    </Panel>
  );
}

function goalFigure({ value, low, high }: Estimate, unit: string): string {
  if (low === null || high === null) return figure(value, unit);
  return withInterval(value, low, high, unit);
}

/** Goals with figures first; those that wait for data are folded into one list. */
function GoalLists({ goals }: { goals: Goal[] }) {
  const measured = goals.filter((goal) => goal.estimate !== null);
  const waiting = goals.filter((goal) => goal.estimate === null);
  return (
    <>
      {measured.length > 0 ? (
        <ul class="goals">
          {measured.map((goal) => (
            <GoalRow key={goal.name} goal={goal} />
          ))}
        </ul>
      ) : null}
      {waiting.length > 0 ? (
        <details class="waiting-goals" open={measured.length === 0}>
          <summary>
            {waiting.length === 1 ? "1 goal has" : `${waiting.length} goals have`} no data yet, and
            what each needs
          </summary>
          <ul>
            {waiting.map((goal) => (
              <li key={goal.name}>
                <strong>{goal.title}</strong>{" "}
                <span class="muted">{sentence(goal.needs || goal.sentence)}</span>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </>
  );
}

function GoalRow({ goal }: { goal: Goal }) {
  const status = STATUS[goal.status];
  const estimate = goal.estimate;
  return (
    <li>
      <span class={`status ${status.tone}`}>
        <Icon name={status.icon} />
        {status.word}
      </span>
      <div class="goal-name">
        <strong>{goal.title}</strong>
        <span class="muted">{sentence(goal.sentence)}</span>
      </div>
      <span class="goal-figure">
        {estimate ? <span class="value">{goalFigure(estimate, goal.unit)}</span> : null}
      </span>
      <Whisker goal={goal} />
      <span class="goal-change">
        {goal.change === null ? (
          <span class="muted">no reading last week</span>
        ) : (
          <>
            {change(goal.change, goal.unit)} <span class="muted">since last week</span>
          </>
        )}
      </span>
    </li>
  );
}

/** The interval as a whisker with the target as a tick; the words beside it say the same. */
function Whisker({ goal }: { goal: Goal }) {
  const drawn = whisker(goal);
  if (!drawn) return <span class="whisker" />;
  return (
    <svg class="whisker" viewBox="0 0 120 20" aria-hidden="true">
      <path class="whisker-axis" d="M4 10H116" />
      <path class="whisker-line" d={`M${drawn.low} 10H${drawn.high}`} />
      <path class="whisker-line" d={`M${drawn.low} 6V14M${drawn.high} 6V14`} />
      <circle class="whisker-dot" cx={drawn.value} cy="10" r="3.5" />
      {drawn.target === null ? null : <path class="whisker-target" d={`M${drawn.target} 2V18`} />}
    </svg>
  );
}
