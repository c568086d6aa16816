// Ctrl K: go to a page, change project or appearance, by typing a few letters.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { linkTo } from "../address";
import { choose, go, usePlace } from "../router";
import type { ProjectEntry } from "../shapes";
import { setTheme, type Theme } from "../theme";
import { matches, PAGES } from "./places";

interface Act {
  label: string;
  hint: string;
  words: string;
  run: () => void;
}

function acts(params: URLSearchParams, projects: ProjectEntry[]): Act[] {
  const pages = PAGES.map((page) => ({
    label: page.label,
    hint: `g ${page.key}`,
    words: `${page.label} ${page.group} ${page.words}`,
    run: () => go(linkTo(page.path, params)),
  }));
  const scopes = projects.flatMap(({ project, environments }) =>
    environments.map((environment) => ({
      label: `Show ${project}, ${environment}`,
      hint: "project",
      words: `project switch ${project} ${environment}`,
      run: () => choose({ project, environment }),
    })),
  );
  const themes = (["system", "light", "dark"] as Theme[]).map((theme) => ({
    label: theme === "system" ? "Appearance as the system" : `Appearance ${theme}`,
    hint: "appearance",
    words: `theme appearance ${theme}`,
    run: () => setTheme(theme),
  }));
  return [...pages, ...scopes, ...themes];
}

const SHOWN = 12;

export function Palette({ projects, onClose }: { projects: ProjectEntry[]; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { params } = usePlace();
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const found = useMemo(
    () =>
      acts(params, projects)
        .filter((act) => matches(act.words, typed))
        .slice(0, SHOWN),
    [typed, projects],
  );

  useEffect(() => dialog.current?.showModal(), []);

  const run = (act: Act | undefined) => {
    if (!act) return;
    onClose();
    act.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      setChosen((chosen + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(found[chosen]);
    }
  };
  return (
    <dialog ref={dialog} class="palette" aria-label="Search" onClose={onClose}>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[chosen] ? `act-${chosen}` : undefined}
        aria-label="Go to a page or change something"
        placeholder="Go to a page or change something"
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="palette-list" role="listbox" aria-label="Found">
        {found.map((act, i) => (
          <li
            key={act.label}
            id={`act-${i}`}
            role="option"
            aria-selected={i === chosen}
            onClick={() => run(act)}
          >
            <span>{act.label}</span>
            <span class="muted">{act.hint}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 ? <p class="muted palette-none">Nothing of that name.</p> : null}
    </dialog>
  );
}
