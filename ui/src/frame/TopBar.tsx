// Project, environment and time range (all in the address), search, account.

import { RANGES } from "../address";
import { Icon } from "../parts/icons";
import { Simulated } from "../parts/panel";
import { choose } from "../router";
import type { Scope } from "../scope";
import type { Me, ProjectEntry } from "../shapes";
import { signOut } from "../session";
import { currentTheme, setTheme, type Theme } from "../theme";
import { Account } from "./Account";

interface TopBarProps {
  me: Me;
  projects: ProjectEntry[];
  scope: Scope | null;
  hasRange: boolean;
  onSearch: () => void;
}

export function TopBar({ me, projects, scope, hasRange, onSearch }: TopBarProps) {
  const entry = projects.find((known) => known.project === scope?.project);
  return (
    <header class="topbar">
      {scope && entry ? (
        <div class="topbar-scope">
          <select
            aria-label="Project"
            value={scope.project}
            onChange={(event) => choose({ project: event.currentTarget.value, environment: "" })}
          >
            {projects.map((known) => (
              <option key={known.project}>{known.project}</option>
            ))}
          </select>
          <select
            aria-label="Environment"
            value={scope.environment}
            onChange={(event) => choose({ environment: event.currentTarget.value })}
          >
            {entry.environments.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          {hasRange ? <RangeChoice scope={scope} /> : null}
          {entry.is_simulated ? <Simulated /> : null}
        </div>
      ) : (
        <div class="topbar-scope" />
      )}
      <button type="button" class="search" onClick={onSearch} aria-keyshortcuts="Control+K">
        <Icon name="search" />
        <span>Search</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Account
        me={me}
        theme={currentTheme()}
        onTheme={pickTheme}
        onSignOut={() => void signOut()}
      />
    </header>
  );
}

function pickTheme(theme: Theme): void {
  setTheme(theme);
}

function RangeChoice({ scope }: { scope: Scope }) {
  const { span } = scope;
  const day = (at: Date) =>
    at.toLocaleString("en-GB", {
      day: "numeric",
      month: "short",
      hour: "2-digit",
      minute: "2-digit",
    });
  return (
    <>
      <select
        aria-label="Time range"
        value={span.range ?? "custom"}
        onChange={(event) => choose({ range: event.currentTarget.value, from: "", to: "" })}
      >
        {span.range ? null : (
          <option value="custom">
            {day(span.from)} to {day(span.to)}
          </option>
        )}
        {Object.entries(RANGES).map(([name, { label }]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
      {span.range ? null : (
        <button type="button" class="quiet" onClick={() => choose({ from: "", to: "" })}>
          Reset zoom
        </button>
      )}
    </>
  );
}
