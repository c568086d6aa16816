// The account menu: who is signed in, light or dark, sign out.

import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../parts/icons";
import type { Me } from "../shapes";
import type { Theme } from "../theme";

interface AccountProps {
  me: Me;
  theme: Theme;
  onTheme: (theme: Theme) => void;
  onSignOut: () => void;
}

const THEMES: readonly (readonly [Theme, string])[] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export function Account({ me, theme, onTheme, onSignOut }: AccountProps) {
  const box = useRef<HTMLDetailsElement>(null);
  const [picked, setPicked] = useState(theme);
  useEffect(() => {
    const shut = (event: Event) => {
      if (event instanceof KeyboardEvent && event.key !== "Escape") return;
      const isInside = event.target instanceof Node && box.current?.contains(event.target);
      if (!(event instanceof KeyboardEvent) && isInside) return;
      if (box.current) box.current.open = false;
    };
    addEventListener("keydown", shut);
    addEventListener("pointerdown", shut);
    return () => {
      removeEventListener("keydown", shut);
      removeEventListener("pointerdown", shut);
    };
  }, []);
  return (
    <details class="menu account" ref={box}>
      <summary aria-label="Account and appearance" title="Account and appearance">
        <Icon name="person" />
      </summary>
      <div class="menu-list">
        <p class="account-who">
          <strong>{me.label}</strong>
          <span class="muted">{[me.role, ...me.scopes].join(", ")}</span>
        </p>
        <fieldset>
          <legend>Appearance</legend>
          {THEMES.map(([value, label]) => (
            <label key={value}>
              <input
                type="radio"
                name="theme"
                checked={picked === value}
                onChange={() => {
                  setPicked(value);
                  onTheme(value);
                }}
              />
              {label}
            </label>
          ))}
        </fieldset>
        <button type="button" onClick={onSignOut}>
          Sign out
        </button>
      </div>
    </details>
  );
}
