// Sign in with e-mail and password.

import { useState } from "preact/hooks";
import { safeReturn } from "../address";
import { post, Problem } from "../api";
import { forgetAnswers } from "../answers";
import { go } from "../router";
import { Alone, Field, FormProblem } from "./Alone";

export function LoginPage() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await post("/api/session/login", { email, password });
      forgetAnswers();
      go(safeReturn(new URLSearchParams(location.search).get("next")), true);
    } catch (caught) {
      setProblem(caught instanceof Problem ? caught : null);
      setBusy(false);
    }
  };
  return (
    <Alone title="Sign in">
      <form onSubmit={(event) => void submit(event)}>
        <Field
          label="E-mail"
          type="email"
          value={email}
          onValue={setEmail}
          autoComplete="username"
          isFirst
        />
        <Field
          label="Password"
          type="password"
          value={password}
          onValue={setPassword}
          autoComplete="current-password"
        />
        <FormProblem problem={problem} />
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? "Signing in" : "Sign in"}
        </button>
      </form>
      <p class="muted">
        No password yet? Open the one-time link that was printed at the first start or sent to you.
        A new one: <code>liftline accounts link</code>.
      </p>
    </Alone>
  );
}
