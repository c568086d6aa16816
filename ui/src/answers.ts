// Loading an answer: last known value at once, a skeleton only after 200 ms, polling while seen.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { get, Problem } from "./api";

/** How often a page asks again while it is seen: a first event shows up while one waits for it. */
export const REFRESH_MS = 10_000;
const SKELETON_AFTER_MS = 200;
const REMEMBERED = 60;

const remembered = new Map<string, unknown>();

function remember(key: string, value: unknown): void {
  remembered.delete(key);
  remembered.set(key, value);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= REMEMBERED) break;
    remembered.delete(oldest);
  }
}

/** Drop everything: another person may sign in on this page. */
export function forgetAnswers(): void {
  remembered.clear();
}

export interface Loaded<T> {
  answer: T | null;
  problem: Problem | null;
  /** Nothing to show yet and the wait is long enough to be felt. */
  isSlow: boolean;
  reload: () => void;
}

interface State<T> {
  key: string;
  answer: T | null;
  problem: Problem | null;
}

/** Ask `path`; `group` names answers that may stand in for each other while the next one loads. */
export function useAnswer<T>(
  path: string | null,
  options: { everyMs?: number; group?: string } = {},
): Loaded<T> {
  const { everyMs = 0, group = path ?? "" } = options;
  const [state, setState] = useState<State<T>>(() => recall<T>(group));
  const [isSlow, setSlow] = useState(false);
  const [turn, setTurn] = useState(0);
  const latest = useRef(path);
  latest.current = path;

  useEffect(() => {
    if (path === null) return;
    if (state.key !== group) setState(recall<T>(group));
    const timer = setTimeout(() => setSlow(true), SKELETON_AFTER_MS);
    get<T>(path)
      .then((answer) => {
        remember(group, answer);
        if (latest.current === path) setState({ key: group, answer, problem: null });
      })
      .catch((caught: unknown) => {
        if (latest.current !== path) return;
        const problem = caught instanceof Problem ? caught : brokenAnswer();
        setState((before) => ({ ...before, problem }));
      })
      .finally(() => {
        clearTimeout(timer);
        setSlow(false);
      });
    return () => clearTimeout(timer);
  }, [path, group, turn]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    if (!everyMs || path === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, path === null, reload]);

  const isCurrent = state.key === group;
  return {
    answer: isCurrent ? state.answer : ((remembered.get(group) as T | undefined) ?? null),
    problem: isCurrent ? state.problem : null,
    isSlow,
    reload,
  };
}

function recall<T>(key: string): State<T> {
  return { key, answer: (remembered.get(key) as T | undefined) ?? null, problem: null };
}

function brokenAnswer(): Problem {
  const cure = "Reload the page; if it stays, the app and its pages are of different versions.";
  return new Problem(0, "page.unreadable_answer", "The answer could not be read.", cure);
}
