// One event with its properties; its address can be copied.

import { useEffect, useRef } from "preact/hooks";
import { useAnswer } from "../answers";
import { Icon } from "../parts/icons";
import { Simulated } from "../parts/panel";
import { Answered } from "../parts/states";
import { choose } from "../router";
import type { Scope } from "../scope";
import type { EventDetail } from "../shapes";
import { exact } from "../words/times";

const close = () => choose({ event: "" }, true);

export function EventDialog({ scope, ordinal }: { scope: Scope; ordinal: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const query = new URLSearchParams({ project: scope.project, environment: scope.environment });
  const loaded = useAnswer<EventDetail>(`/api/events/${encodeURIComponent(ordinal)}?${query}`);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="drawer" aria-labelledby="event-title" onClose={close}>
      <header class="panel-head">
        <h2 id="event-title">{loaded.answer?.event.name ?? `Event ${ordinal}`}</h2>
        <span class="panel-facts">
          {loaded.answer?.is_simulated ? <Simulated /> : null}
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            <Icon name="close" />
            Close
          </button>
        </span>
      </header>
      <Answered loaded={loaded} skeleton={8}>
        {(answer) => <Facts detail={answer} />}
      </Answered>
    </dialog>
  );
}

function Facts({ detail }: { detail: EventDetail }) {
  const { event } = detail;
  const facts: [string, string][] = [
    ["Happened", exact(event.event_at)],
    ["Received", exact(event.received_at)],
    ["Type", event.type],
    ["User", event.user_id ?? "none"],
    ["Anonymous id", event.anonymous_id ?? "none"],
    ["Source", `${event.source_id} (${event.sender})`],
    ["Message id", event.message_id],
    ["Place in the log", String(event.ordinal)],
    ["In the plan", event.is_planned ? "yes" : "no"],
    ["Historical", event.is_historical ? "yes, left out of delay" : "no"],
    ["Counted", event.is_semantic_duplicate ? "no, a semantic duplicate" : "yes"],
  ];
  return (
    <>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>Properties</h3>
      <pre tabIndex={0}>{detail.properties}</pre>
      <h3>Context</h3>
      <pre tabIndex={0}>{detail.context}</pre>
    </>
  );
}
