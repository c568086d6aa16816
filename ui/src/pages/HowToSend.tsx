// The one next step of an empty project: a command that sends an event.

import { useAnswer } from "../answers";
import { Copyable } from "../parts/copy";
import type { Addresses } from "../shapes";

export function HowToSend() {
  const { answer } = useAnswer<Addresses>("/api/addresses");
  const body = JSON.stringify({
    event: "user_signed_up",
    message_id: "first-1",
    user_id: "ada",
  });
  const command = [
    `curl -sS ${answer?.collector ?? "$COLLECTOR"}/v1/events`,
    '-H "Authorization: Bearer $KEY"',
    '-H "Content-Type: application/json"',
    `-d '${body}'`,
  ].join(" ");
  return (
    <>
      <Copyable text={command} label="the command that sends an event" />
      <p class="muted">
        A server key comes from <a href="/settings/keys">Settings, Keys</a>.
      </p>
    </>
  );
}
