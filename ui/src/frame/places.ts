// The pages there are: rail, shortcuts and palette read this one list.

import type { IconName } from "../parts/icons";

export interface PageEntry {
  path: string;
  label: string;
  /** The short word under the icon on a phone. */
  short: string;
  group: "" | "Data" | "Settings";
  icon: IconName;
  /** The letter after g. */
  key: string;
  words: string;
}

export const PAGES: readonly PageEntry[] = [
  {
    path: "/",
    label: "Home",
    short: "Home",
    group: "",
    icon: "home",
    key: "h",
    words: "overview goals activation delay",
  },
  {
    path: "/data/events",
    label: "Live events",
    short: "Live",
    group: "Data",
    icon: "events",
    key: "e",
    words: "accepted rejected dead letters quarantine debug",
  },
  {
    path: "/data/health",
    label: "Health",
    short: "Health",
    group: "Data",
    icon: "health",
    key: "d",
    words: "ledger freshness processes disk dbt build",
  },
  {
    path: "/settings/keys",
    label: "Keys",
    short: "Keys",
    group: "Settings",
    icon: "keys",
    key: "k",
    words: "api key source rotate revoke",
  },
];

/** The entry that g-then-letter goes to. */
export function byKey(letter: string): PageEntry | undefined {
  return PAGES.find((page) => page.key === letter);
}

/** Does every word typed occur in the text? */
export function matches(text: string, typed: string): boolean {
  const hay = text.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}
