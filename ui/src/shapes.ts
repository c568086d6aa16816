// What the server answers, as liftline.report.dashboards.contracts defines it.

export type Standing = "ok" | "empty" | "away";

/** How far an answer can be trusted: every answer of the dashboards carries this. */
export interface Answer {
  state: Standing;
  as_of: string | null;
  is_simulated: boolean;
  sentence: string;
  cure: string;
}

export type Severity = "bad" | "warn";

export interface Need {
  severity: Severity;
  sentence: string;
  cure: string;
  link: string;
}

export interface Happening {
  at: string;
  kind: "deployment" | "plan" | "build" | "process" | "event" | "rejections";
  sentence: string;
}

export interface DelayPoint {
  bucket: string;
  loads: number;
  events: number;
  p50_s: number;
  p95_s: number;
}

export interface Delay {
  p50_s: number | null;
  p95_s: number | null;
  objective_s: number;
  alert_s: number;
  grain: Grain;
  points: DelayPoint[];
}

export interface Overview extends Answer {
  headline: string;
  needs: Need[];
  happened: Happening[];
  delay: Delay;
  activation_metric: string | null;
}

export type GoalStatus = "met" | "on_track" | "off" | "no_data";

export interface Estimate {
  value: number;
  low: number | null;
  high: number | null;
  n: number;
}

export interface Goal {
  name: string;
  title: string;
  metric: string;
  unit: string;
  status: GoalStatus;
  sentence: string;
  needs: string;
  estimate: Estimate | null;
  change: number | null;
  target: number | null;
  baseline: number | null;
  comparator: string;
  due: string | null;
  owner: string;
}

export interface Goals extends Answer {
  goals: Goal[];
}

export type Grain = "minute" | "hour" | "day" | "week";

export interface SeriesPoint {
  bucket: string;
  value: number | null;
  low: number | null;
  high: number | null;
  numerator: number | null;
  denominator: number | null;
  is_complete: boolean;
}

export interface MetricSeries extends Answer {
  name: string;
  title: string;
  description: string;
  unit: string;
  owner: string;
  grain: Grain;
  points: SeriesPoint[];
}

export interface LiveEvent {
  ordinal: number;
  received_at: string;
  event_at: string;
  type: string;
  name: string;
  source_id: string;
  sender: string;
  user_id: string | null;
  anonymous_id: string | null;
  message_id: string;
  is_planned: boolean;
  is_historical: boolean;
  is_semantic_duplicate: boolean;
  preview: string;
}

export interface Rejection {
  ordinal: number;
  kind: "rejected" | "conflict" | "load_failure";
  received_at: string;
  code: string;
  message: string;
  cure: string;
  name: string | null;
  source_id: string;
  message_id: string | null;
  events: number;
  raw: string | null;
}

export interface LiveEvents extends Answer {
  newest_ordinal: number;
  accepted: LiveEvent[];
  rejected: Rejection[];
}

export interface EventDetail extends Answer {
  event: LiveEvent;
  properties: string;
  context: string;
}

export interface LedgerRow {
  source_id: string;
  received: number;
  accepted: number;
  duplicate: number;
  semantic_duplicate: number;
  conflict: number;
  rejected: number;
  erased: number;
}

export interface Ledger {
  received: number;
  accepted: number;
  duplicate: number;
  semantic_duplicate: number;
  conflict: number;
  rejected: number;
  erased: number;
  pending: number;
  difference: number;
  is_balanced: boolean;
  sources: LedgerRow[];
}

export interface DeadLetters {
  code: string;
  source_id: string;
  events: number;
  last_at: string;
  message: string;
  cure: string;
}

export interface ProcessReading {
  name: string;
  pid: number | null;
  state: string;
  is_ready: boolean;
  started_at: string | null;
  restarts: number;
  rss_bytes: number | null;
}

export interface Storage {
  name: string;
  size_bytes: number;
  events: number;
  bytes_per_million: number | null;
}

export interface DbtBuild {
  started_at: string;
  duration_s: number;
  is_ok: boolean;
  models_built: number;
  tests_passed: number;
  failures: string[];
}

export interface WarehouseReading {
  state: string;
  loaded_position: string;
  durable_position: string;
  pending_events: number;
  last_load_at: string | null;
  problem: string;
  cure: string;
}

export interface Health extends Answer {
  headline: string;
  needs: Need[];
  ledger: Ledger;
  freshness: Delay;
  dead_letters: DeadLetters[];
  processes: ProcessReading[];
  storage: Storage[];
  warehouse: WarehouseReading | null;
  build: DbtBuild | null;
}

export interface Addresses {
  collector: string;
}

export interface ProjectEntry {
  project: string;
  environments: string[];
  is_simulated: boolean;
}

export interface Projects {
  projects: ProjectEntry[];
}

export interface Me {
  label: string;
  role: string;
  scopes: string[];
  is_admin: boolean;
}

export interface ApiKey {
  key_id: string;
  slot_id: string;
  kind: string;
  name: string;
  project: string;
  environment: string;
  origins: string[];
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

export interface Keys {
  keys: ApiKey[];
}

/** The only place where a key's text ever stands. */
export interface MintedKey {
  key: string;
  key_id: string;
  slot_id: string;
}
