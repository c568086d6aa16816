// The address as state: pages read it, links and filters change it, the browser's back undoes it.

import { useEffect, useState } from "preact/hooks";
import { changed } from "./address";

export interface Place {
  path: string;
  params: URLSearchParams;
}

const listeners = new Set<() => void>();

function here(): Place {
  return { path: location.pathname, params: new URLSearchParams(location.search) };
}

function tell(): void {
  for (const listener of listeners) listener();
}

addEventListener("popstate", tell);

/** Go to an address of this site; `replace` keeps it out of the history. */
export function go(address: string, replace = false): void {
  if (address === location.pathname + location.search) return;
  const isNewPage = new URL(address, location.href).pathname !== location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  tell();
  if (isNewPage) scrollTo(0, 0);
}

/** Change some choices of the current page. */
export function choose(changes: Readonly<Record<string, string>>, replace = false): void {
  const { path, params } = here();
  const next = changed(params, changes).toString();
  go(next ? `${path}?${next}` : path, replace);
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const update = () => setPlace(here());
    listeners.add(update);
    update();
    return () => void listeners.delete(update);
  }, []);
  return place;
}

/** Plain clicks on links of this site stay in the page; all others are the browser's. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!link || !isPlain || event.defaultPrevented || event.altKey) return;
    if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname.startsWith("/api/") || link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
