// One stroke, one size; each icon stands beside a word or carries a label.

import type { ComponentChildren } from "preact";

const PATHS = {
  home: <path d="M3 8.5 9 3l6 5.5V15H3z" />,
  events: <path d="M3 9h3l2-5 3 10 2-5h2" />,
  health: (
    <path d="M9 15.5S2.5 12 2.5 7A3.3 3.3 0 0 1 9 5.5 3.3 3.3 0 0 1 15.5 7c0 5-6.5 8.5-6.5 8.5" />
  ),
  keys: (
    <>
      <circle cx="6" cy="12" r="3" />
      <path d="m8.2 9.8 6-6M12 6l2 2" />
    </>
  ),
  search: (
    <>
      <circle cx="8" cy="8" r="4.5" />
      <path d="m11.5 11.5 3.5 3.5" />
    </>
  ),
  person: (
    <>
      <circle cx="9" cy="6" r="3" />
      <path d="M3 15.5c.8-3 3-4.5 6-4.5s5.2 1.5 6 4.5" />
    </>
  ),
  good: <path d="m4 9.5 3.5 3.5L14 5.5" />,
  track: <path d="M3 12.5 7 8l3 2.5L15 5M11 5h4v4" />,
  bad: (
    <>
      <path d="M9 3v7.5" />
      <path d="M9 14v.5" />
    </>
  ),
  warn: (
    <>
      <path d="M9 2.5 16.5 15h-15z" />
      <path d="M9 7.5v3.5M9 12.8v.2" />
    </>
  ),
  unknown: <path d="M4 9h10" />,
  menu: (
    <>
      <path d="M4 9h.01M9 9h.01M14 9h.01" stroke-width="2.5" />
    </>
  ),
  close: <path d="m4.5 4.5 9 9M13.5 4.5l-9 9" />,
  pause: <path d="M6.5 4v10M11.5 4v10" />,
  play: <path d="M6 3.5v11L14 9z" />,
  copy: (
    <>
      <rect x="6.5" y="6.5" width="8" height="8" rx="1.5" />
      <path d="M11.5 6.5v-3h-8v8h3" />
    </>
  ),
  down: <path d="m5 7 4 4 4-4" />,
  plug: <path d="M6.5 2.5v4M11.5 2.5v4M4.5 6.5h9v2a4.5 4.5 0 0 1-9 0zM9 13v3" />,
} satisfies Record<string, ComponentChildren>;

export type IconName = keyof typeof PATHS;

export function Icon({ name, label }: { name: IconName; label?: string }) {
  const naming = label ? { role: "img" as const, "aria-label": label } : { "aria-hidden": true };
  return (
    <svg class="icon" viewBox="0 0 18 18" {...naming}>
      {PATHS[name]}
    </svg>
  );
}
