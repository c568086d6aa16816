// Who is signed in; without a session the reader is taken to the login page and back.

import { useEffect, useState } from "preact/hooks";
import { forgetAnswers } from "./answers";
import { get, post, Problem } from "./api";
import { go } from "./router";
import type { Me, ProjectEntry, Projects } from "./shapes";

export interface Session {
  me: Me | null;
  projects: ProjectEntry[];
  problem: Problem | null;
  isReady: boolean;
}

export function toLogin(): void {
  const back = location.pathname + location.search;
  const isAsk = back === "/" || location.pathname === "/login";
  go(isAsk ? "/login" : `/login?next=${encodeURIComponent(back)}`, true);
}

const RETRY_MS = 3_000;

/** Signed-in state; asks again every 3 s while the server does not answer. */
export function useSession(isWanted: boolean): Session {
  const [session, setSession] = useState<Session>({
    me: null,
    projects: [],
    problem: null,
    isReady: false,
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!isWanted) return;
    let timer = 0;
    Promise.all([get<Me>("/api/me"), get<Projects>("/api/projects")])
      .then(([me, { projects }]) => setSession({ me, projects, problem: null, isReady: true }))
      .catch((caught: unknown) => {
        if (caught instanceof Problem && caught.status === 401) return toLogin();
        const problem = caught instanceof Problem ? caught : null;
        setSession((before) => ({ ...before, problem }));
        timer = window.setTimeout(() => setTurn((n) => n + 1), RETRY_MS);
      });
    return () => clearTimeout(timer);
  }, [isWanted, turn]);
  return session;
}

export async function signOut(): Promise<void> {
  await post("/api/session/logout").catch(() => undefined);
  forgetAnswers();
  // A full load leaves nothing of this person's answers in memory.
  location.assign("/login");
}
