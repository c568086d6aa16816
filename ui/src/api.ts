// Talks to the server; every failure becomes one shape with a code and a cure.

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly cure: string,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 30_000;

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const facts = (body !== null && typeof body === "object" ? body : {}) as Record<string, unknown>;
  const inner = facts["error"];
  const said = (inner !== null && typeof inner === "object" ? inner : facts) as typeof facts;
  return new Problem(
    response.status,
    text(said["code"]) || `http.${response.status}`,
    text(said["message"]) || `The server answered ${response.status}.`,
    text(said["cure"]) || "Try again; if it stays, look at the app's log.",
  );
}

async function send<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    response = await fetch(path, { credentials: "same-origin", signal, ...init });
  } catch {
    throw new Problem(
      0,
      "page.server_away",
      "Liftline does not answer.",
      "Check that `liftline up` is running; this page tries again by itself.",
    );
  }
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return undefined as T;
  const body = await response.text();
  return (body ? JSON.parse(body) : undefined) as T;
}

export function get<T>(path: string): Promise<T> {
  return send<T>(path, { headers: { accept: "application/json" } });
}

export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return send<T>(path, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
