// Live events: accepted and rejected side by side, newest first, each rejection with its reason.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, Problem } from "../api";
import { Icon } from "../parts/icons";
import { Panel } from "../parts/panel";
import { Empty, Failure, Skeleton, Stale } from "../parts/states";
import { choose, usePlace } from "../router";
import type { Scope } from "../scope";
import type { LiveEvent, LiveEvents } from "../shapes";
import { clockSeconds, exact } from "../words/times";
import { EventDialog } from "./EventDialog";
import { HowToSend } from "./HowToSend";
import { merged } from "./merged";
import { RejectionRow } from "./RejectionRow";

const POLL_MS = 2_000;
const SKELETON_AFTER_MS = 200;

interface Feed {
  answer: LiveEvents | null;
  problem: Problem | null;
  isSlow: boolean;
}

function useFeed(scope: Scope, filter: string, isPaused: boolean): [Feed, () => void] {
  const [feed, setFeed] = useState<Feed>({ answer: null, problem: null, isSlow: false });
  const [turn, setTurn] = useState(0);
  const newest = useRef(-1);
  const question = new URLSearchParams({
    project: scope.project,
    environment: scope.environment,
    ...(filter ? { name: filter } : {}),
  }).toString();

  useEffect(() => {
    newest.current = -1;
    setFeed({ answer: null, problem: null, isSlow: false });
  }, [question]);

  useEffect(() => {
    if (isPaused) return;
    let isOver = false;
    let timer = 0;
    const slow = setTimeout(
      () => setFeed((before) => ({ ...before, isSlow: before.answer === null })),
      SKELETON_AFTER_MS,
    );
    const ask = () => {
      if (document.hidden) {
        timer = window.setTimeout(ask, POLL_MS);
        return;
      }
      const after = newest.current >= 0 ? `&after=${newest.current}` : "";
      get<LiveEvents>(`/api/events/live?${question}${after}`)
        .then((next) => {
          if (isOver) return;
          newest.current = Math.max(newest.current, next.newest_ordinal);
          setFeed((before) => ({
            answer: merged(after ? before.answer : null, next),
            problem: null,
            isSlow: false,
          }));
        })
        .catch((caught: unknown) => {
          if (isOver || !(caught instanceof Problem)) return;
          setFeed((before) => ({ ...before, problem: caught, isSlow: false }));
        })
        .finally(() => {
          clearTimeout(slow);
          if (!isOver) timer = window.setTimeout(ask, POLL_MS);
        });
    };
    ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
      clearTimeout(slow);
    };
  }, [question, isPaused, turn]);
  return [feed, () => setTurn((before) => before + 1)];
}

export function LivePage({ scope }: { scope: Scope }) {
  const { params } = usePlace();
  const filter = params.get("name") ?? "";
  const opened = params.get("event");
  const [isPaused, setPaused] = useState(false);
  const [feed, retry] = useFeed(scope, filter, isPaused);
  const { answer } = feed;
  return (
    <div class="page">
      <div class="page-head">
        <h1>{answer ? answer.sentence : "Live events"}</h1>
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          <Icon name={isPaused ? "play" : "pause"} />
          {isPaused ? "Resume" : "Pause"}
        </button>
      </div>
      <Filter filter={filter} />
      {feed.problem ? <Failure problem={feed.problem} retry={retry} /> : null}
      {answer ? <Stale answer={answer} /> : null}
      {!answer && feed.isSlow ? <Skeleton lines={8} /> : null}
      {answer?.state === "empty" ? <NothingYet scope={scope} filter={filter} /> : null}
      {answer && answer.state !== "empty" ? <Columns answer={answer} /> : null}
      {opened ? <EventDialog scope={scope} ordinal={opened} /> : null}
    </div>
  );
}

function Filter({ filter }: { filter: string }) {
  const [typed, setTyped] = useState(filter);
  useEffect(() => setTyped(filter), [filter]);
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        choose({ name: typed.trim() });
      }}
    >
      <label>
        Event name
        <input
          type="text"
          value={typed}
          placeholder="all"
          autoComplete="off"
          spellcheck={false}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Filter</button>
      {filter ? (
        <button type="button" class="quiet" onClick={() => choose({ name: "" })}>
          Show all
        </button>
      ) : null}
    </form>
  );
}

function NothingYet({ scope, filter }: { scope: Scope; filter: string }) {
  if (filter) {
    return (
      <Empty title={`No event named ${filter} in ${scope.project}, ${scope.environment}`}>
        <p>Accepted and rejected events of that name will appear within seconds of arriving.</p>
      </Empty>
    );
  }
  return (
    <Empty title={`No event has arrived in ${scope.project}, ${scope.environment} yet`}>
      <p>Accepted and rejected events will appear here side by side. Send the first one:</p>
      <HowToSend />
    </Empty>
  );
}

function Columns({ answer }: { answer: LiveEvents }) {
  return (
    <div class="pair live">
      <Panel title="Accepted" asOf={answer.as_of} isSimulated={answer.is_simulated}>
        {answer.accepted.length === 0 ? (
          <Empty title="None accepted yet" />
        ) : (
          <ol class="feed" tabIndex={0} aria-label="Accepted events">
            {answer.accepted.map((event) => (
              <AcceptedRow key={event.ordinal} event={event} />
            ))}
          </ol>
        )}
      </Panel>
      <Panel title="Rejected" asOf={answer.as_of} isSimulated={answer.is_simulated}>
        {answer.rejected.length === 0 ? (
          <Empty title="None rejected">
            <p>An event that breaks the tracking plan appears here with the reason and its cure.</p>
          </Empty>
        ) : (
          <ol class="feed" tabIndex={0} aria-label="Rejected events">
            {answer.rejected.map((rejection) => (
              <RejectionRow key={`${rejection.ordinal}-${rejection.kind}`} rejection={rejection} />
            ))}
          </ol>
        )}
      </Panel>
    </div>
  );
}

/** What sets an event apart from an ordinary one, in words. */
function flags(event: LiveEvent): string[] {
  return [
    event.is_planned ? "" : "not in the plan",
    event.is_historical ? "historical" : "",
    event.is_semantic_duplicate ? "semantic duplicate" : "",
  ].filter((word) => word !== "");
}

function AcceptedRow({ event }: { event: LiveEvent }) {
  const who = event.user_id ?? event.anonymous_id ?? "nobody named";
  const words = flags(event);
  return (
    <li>
      <button
        type="button"
        class="feed-row"
        onClick={() => choose({ event: String(event.ordinal) })}
        title="Show properties"
      >
        <time dateTime={event.received_at} title={exact(event.received_at)}>
          {clockSeconds(event.received_at)}
        </time>
        <span class="feed-main">
          <span class="feed-name">
            {event.name}
            {words.map((word) => (
              <span key={word} class="tag">
                {word}
              </span>
            ))}
          </span>
          <span class="feed-more">
            {who} · {event.preview}
          </span>
        </span>
      </button>
    </li>
  );
}
