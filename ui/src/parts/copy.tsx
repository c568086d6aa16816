// A command or a value with a button that copies it.

import { useState } from "preact/hooks";
import { Icon } from "./icons";

const SAID_MS = 1_500;

export function useCopy(): [boolean, (text: string) => void] {
  const [isCopied, setCopied] = useState(false);
  const copy = (text: string) => {
    // Without a secure context there is no clipboard; the text stays selectable.
    navigator.clipboard?.writeText(text).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), SAID_MS);
      },
      () => setCopied(false),
    );
  };
  return [isCopied, copy];
}

export function Copyable({ text, label }: { text: string; label: string }) {
  const [isCopied, copy] = useCopy();
  return (
    <div class="copyable">
      <code>{text}</code>
      <button type="button" class="quiet" onClick={() => copy(text)} aria-label={`Copy ${label}`}>
        <Icon name={isCopied ? "good" : "copy"} />
        <span aria-live="polite">{isCopied ? "Copied" : "Copy"}</span>
      </button>
    </div>
  );
}
