// What a panel shows when it has no figures: waiting, empty, no data, or an error with its cure.

import type { ComponentChildren } from "preact";
import type { Loaded } from "../answers";
import type { Problem } from "../api";
import type { Answer } from "../shapes";
import { sentence } from "../words/numbers";
import { Icon } from "./icons";
import { Time } from "./time";

export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="hidden">Loading</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} class="bone" />
      ))}
    </div>
  );
}

export function Failure({ problem, retry }: { problem: Problem; retry: () => void }) {
  return (
    <div class="state bad" role="alert">
      <p class="state-line">
        <Icon name="warn" />
        <strong>{problem.message}</strong>
      </p>
      <p>{sentence(problem.cure)}</p>
      <p class="state-foot">
        <button type="button" onClick={retry}>
          Try again
        </button>
        <code>{problem.code}</code>
      </p>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <p class="state-line">
        <strong>{title}</strong>
      </p>
      {children}
    </div>
  );
}

/** A line above stale figures: since when nothing new is known, and what to do. */
export function Stale({ answer }: { answer: Answer }) {
  if (answer.state !== "away") return null;
  return (
    <div class="notice warn" role="status">
      <Icon name="warn" />
      <div>
        <strong>{sentence(answer.sentence)}</strong>{" "}
        {answer.as_of ? (
          <>
            Figures are from <Time at={answer.as_of} />.{" "}
          </>
        ) : null}
        {sentence(answer.cure)}
      </div>
    </div>
  );
}

interface AnsweredProps<T> {
  loaded: Loaded<T>;
  skeleton?: number;
  children: (answer: T) => ComponentChildren;
}

/** The children once there is an answer; before that a skeleton or the failure. */
export function Answered<T>({ loaded, skeleton = 4, children }: AnsweredProps<T>) {
  const { answer, problem, isSlow, reload } = loaded;
  if (answer !== null) {
    return (
      <>
        {problem ? <Failure problem={problem} retry={reload} /> : null}
        {children(answer)}
      </>
    );
  }
  if (problem) return <Failure problem={problem} retry={reload} />;
  return isSlow ? <Skeleton lines={skeleton} /> : <div class="waiting" aria-busy="true" />;
}
