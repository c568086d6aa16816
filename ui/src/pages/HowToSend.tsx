// The one next step of an empty project: a command that sends an event.

import { Copyable } from "../parts/copy";

export function HowToSend() {
  const collector = `${location.protocol}//${location.hostname}:8401`;
  const body = JSON.stringify({
    messageId: "first-1",
    type: "track",
    event: "user_signed_up",
    userId: "u-1",
  });
  const command = [
    `curl -sS ${collector}/v1/events`,
    '-H "Authorization: Bearer $LIFTLINE_KEY"',
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
