// g then a letter goes to a page; Ctrl K or / opens the search. Never while typing.

import { useEffect } from "preact/hooks";
import { linkTo } from "../address";
import { go } from "../router";
import { byKey } from "./places";

const SECOND_LETTER_MS = 1_500;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

export function useShortcuts(onSearch: () => void): void {
  useEffect(() => {
    let gAt = 0;
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        onSearch();
        return;
      }
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (!isPlain || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const page = event.timeStamp - gAt < SECOND_LETTER_MS ? byKey(event.key) : undefined;
      gAt = event.key === "g" ? event.timeStamp : 0;
      if (page) go(linkTo(page.path, new URLSearchParams(location.search)));
      else if (event.key === "/") {
        event.preventDefault();
        onSearch();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onSearch]);
}
