// The one next step of an empty project: a command that sends an event.

import { Copyable } from "../parts/copy";

export function HowToSend() {
  const collector = `${location.protocol}//${location.hostname}:8401`;
  const body = JSON.stringify({
    event: "user_signed_up",
    message_id: "first-1",
    user_id: "ada",
  });
  const command = [
    `curl -sS ${collector}/v1/events`,
    '-H "Authorization: Bearer $KEY"',
    '-H "Content-Type: application/json"',
    `-d '${body}'`,
  ].join(" ");
  return (
    <>
      <Copyable text={command} label="the command that sends an event" />
      <p class="muted">
        A key comes from <a href="/settings/keys">Settings, Keys</a>.
      </p>
    </>
  );
}
