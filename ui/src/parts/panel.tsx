// A titled block with its "as of", its simulated tag and its menu.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icons";
import { Time } from "./time";

export function Menu({ label, children }: { label: string; children: ComponentChildren }) {
  const box = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const shut = (event: Event) => {
      const details = box.current;
      if (!details?.open) return;
      const isKey = event instanceof KeyboardEvent;
      if (isKey && event.key !== "Escape") return;
      if (!isKey && event.target instanceof Node && details.contains(event.target)) return;
      details.open = false;
      if (isKey) details.querySelector("summary")?.focus();
    };
    addEventListener("keydown", shut);
    addEventListener("pointerdown", shut);
    return () => {
      removeEventListener("keydown", shut);
      removeEventListener("pointerdown", shut);
    };
  }, []);
  const onClick = (event: Event) => {
    const target = event.target instanceof Element ? event.target.closest("button, a") : null;
    if (target && box.current) box.current.open = false;
  };
  return (
    <details class="menu" ref={box}>
      <summary aria-label={label} title={label}>
        <Icon name="menu" />
      </summary>
      <div class="menu-list" onClick={onClick}>
        {children}
      </div>
    </details>
  );
}

export function Simulated() {
  return (
    <span class="tag" title="These figures come from generated demo traffic, not from people">
      simulated
    </span>
  );
}

interface PanelProps {
  title: string;
  unit?: string;
  asOf?: string | null;
  isSimulated?: boolean;
  menu?: ComponentChildren;
  children: ComponentChildren;
  id?: string;
}

export function Panel({ title, unit, asOf, isSimulated, menu, children, id }: PanelProps) {
  return (
    <section class="panel" aria-label={title} id={id}>
      <header class="panel-head">
        <h2>{title}</h2>
        {unit ? <span class="unit">{unit}</span> : null}
        <span class="panel-facts">
          {isSimulated ? <Simulated /> : null}
          {asOf ? (
            <span class="as-of">
              as of <Time at={asOf} />
            </span>
          ) : null}
          {menu}
        </span>
      </header>
      {children}
    </section>
  );
}
