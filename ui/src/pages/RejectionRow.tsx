// One rejection: what was wrong, what to do about it, and the bytes as they came.

import type { Rejection } from "../shapes";
import { plural, sentence } from "../words/numbers";
import { clockSeconds, exact } from "../words/times";

const KIND: Record<Rejection["kind"], string> = {
  rejected: "",
  conflict: "same key, another body",
  load_failure: "could not be loaded",
};

function pretty(raw: string): string {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2);
  } catch {
    return raw;
  }
}

export function RejectionRow({ rejection }: { rejection: Rejection }) {
  const kind = KIND[rejection.kind];
  return (
    <li class="rejection">
      <div class="feed-row">
        <time dateTime={rejection.received_at} title={exact(rejection.received_at)}>
          {clockSeconds(rejection.received_at)}
        </time>
        <div class="feed-main">
          <span class="feed-name">
            {rejection.name ?? "unnamed"}
            {kind ? <span class="tag">{kind}</span> : null}
            {rejection.events > 1 ? (
              <span class="tag">stands for {plural(rejection.events, "event")}</span>
            ) : null}
          </span>
          <span class="reason">{sentence(rejection.message)}</span>
          {rejection.cure ? <span class="cure">{sentence(rejection.cure)}</span> : null}
          <span class="feed-more">
            <code>{rejection.code}</code> from {rejection.source_id}
          </span>
          {rejection.raw === null ? (
            <span class="feed-more">The source is past its cap: the bytes were not kept.</span>
          ) : (
            <details>
              <summary>As received</summary>
              <pre tabIndex={0}>{pretty(rejection.raw)}</pre>
            </details>
          )}
        </div>
      </div>
    </li>
  );
}
