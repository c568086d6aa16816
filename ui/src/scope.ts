// Which project, environment and span the page is about.

import { useMemo } from "preact/hooks";
import { grainOf, type Span, spanOf } from "./address";
import { usePlace } from "./router";
import type { ProjectEntry } from "./shapes";

const LAST_SCOPE = "liftline.scope";

export interface Scope {
  project: string;
  environment: string;
  span: Span;
  /** The query that every dashboard answer takes. */
  query: string;
}

function lastScope(): { project?: string; environment?: string } {
  try {
    return JSON.parse(localStorage.getItem(LAST_SCOPE) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

/** The address wins, then what was looked at last, then the first project there is. */
export function useScope(projects: ProjectEntry[]): Scope | null {
  const { params } = usePlace();
  const minute = Math.floor(Date.now() / 60_000);
  return useMemo(() => {
    const last = lastScope();
    const wanted = params.get("project") ?? last.project;
    const entry = projects.find((known) => known.project === wanted) ?? projects[0];
    if (!entry) return null;
    const environments = entry.environments;
    const asked = params.get("environment") ?? last.environment ?? "";
    const environment = environments.includes(asked) ? asked : (environments.at(-1) ?? "prod");
    localStorage.setItem(LAST_SCOPE, JSON.stringify({ project: entry.project, environment }));
    const span = spanOf(params, new Date());
    const query = new URLSearchParams({
      project: entry.project,
      environment,
      from: span.from.toISOString(),
      to: span.to.toISOString(),
      grain: grainOf(span),
    }).toString();
    return { project: entry.project, environment, span, query };
  }, [params.toString(), projects, minute]);
}

/** What stays the same while a rolling span moves on: answers of one group replace each other. */
export function groupOf(scope: Scope, what: string): string {
  const { span } = scope;
  const when = span.range ?? `${span.from.toISOString()}/${span.to.toISOString()}`;
  return [what, scope.project, scope.environment, when].join("|");
}
