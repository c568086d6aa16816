// The frame of pages without a session: one card, one form.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Problem } from "../api";
import { Icon } from "../parts/icons";
import { sentence } from "../words/numbers";

export function Alone({ title, children }: { title: string; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Liftline`;
  }, [title]);
  return (
    <main class="alone">
      <div class="card">
        <p class="brand">
          <img src="/mark.svg" alt="" width="28" height="28" />
          <span>Liftline</span>
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

interface FieldProps {
  label: string;
  type: "email" | "password";
  value: string;
  onValue: (value: string) => void;
  autoComplete: string;
  hint?: string;
  minLength?: number;
  isFirst?: boolean;
}

export function Field(props: FieldProps) {
  const { label, type, value, onValue, autoComplete, hint, minLength, isFirst } = props;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isFirst) input.current?.focus();
  }, [isFirst]);
  return (
    <label class="field">
      {label}
      <input
        ref={input}
        type={type as "email"}
        value={value}
        required
        autoComplete={autoComplete}
        {...(minLength ? { minLength } : {})}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      {hint ? <span class="muted">{hint}</span> : null}
    </label>
  );
}

export function FormProblem({ problem }: { problem: Problem | null }) {
  if (!problem) return null;
  return (
    <p class="form-problem" role="alert">
      <Icon name="warn" />
      <span>
        {sentence(problem.message)} {sentence(problem.cure)} <code>{problem.code}</code>
      </span>
    </p>
  );
}
