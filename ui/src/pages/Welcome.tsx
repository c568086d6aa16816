// A one-time link: set the password, then go on to the pages.

import { useState } from "preact/hooks";
import { get, post, Problem } from "../api";
import { forgetAnswers } from "../answers";
import { go } from "../router";
import { Alone, Field, FormProblem } from "./Alone";

const MIN_LENGTH = 12;

const UNEQUAL = new Problem(
  0,
  "page.passwords_differ",
  "The two passwords differ.",
  "Type the same one twice.",
);

/** The token stands after the # so that it reaches no server log; ?token= works too. */
function tokenOfAddress(): string {
  const inHash = new URLSearchParams(location.hash.slice(1)).get("token");
  return inHash ?? new URLSearchParams(location.search).get("token") ?? "";
}

export function WelcomePage() {
  const [token] = useState(tokenOfAddress);
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (password !== again) return setProblem(UNEQUAL);
    setBusy(true);
    setProblem(null);
    try {
      await post("/api/account/accept", { token, password });
      forgetAnswers();
      const isSignedIn = await get("/api/me").then(
        () => true,
        () => false,
      );
      go(isSignedIn ? "/" : "/login", true);
    } catch (caught) {
      setProblem(caught instanceof Problem ? caught : null);
      setBusy(false);
    }
  };
  if (!token) {
    return (
      <Alone title="This link is incomplete">
        <p>
          The one-time link ends in <code>#token=</code> and a long code. Copy the whole line that
          was printed, or make a new one with <code>liftline accounts link</code>.
        </p>
      </Alone>
    );
  }
  return (
    <Alone title="Set your password">
      <form onSubmit={(event) => void submit(event)}>
        <Field
          label="New password"
          type="password"
          value={password}
          onValue={setPassword}
          autoComplete="new-password"
          minLength={MIN_LENGTH}
          hint={`At least ${MIN_LENGTH} characters; a few words are better than one.`}
          isFirst
        />
        <Field
          label="The same again"
          type="password"
          value={again}
          onValue={setAgain}
          autoComplete="new-password"
        />
        <FormProblem problem={problem} />
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? "Setting it" : "Set password and go on"}
        </button>
      </form>
      <p class="muted">The link works once.</p>
    </Alone>
  );
}
