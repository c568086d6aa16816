// The form for a new slot and its first key.

import { useState } from "preact/hooks";

const KINDS = [
  ["server", "server: your back end"],
  ["public", "public: browsers, origin-limited"],
  ["ci", "ci: pipelines"],
  ["admin", "admin: scripts that change settings"],
] as const;

export interface NewKeyBody {
  kind: string;
  project: string;
  environment: string;
  name: string;
  origins: string[];
}

interface NewKeyProps {
  project: string;
  environment: string;
  onCreate: (body: NewKeyBody) => Promise<void>;
}

export function NewKey({ project, environment, onCreate }: NewKeyProps) {
  const [body, setBody] = useState({ kind: "server", project, environment, name: "" });
  const [origins, setOrigins] = useState("");
  const [isBusy, setBusy] = useState(false);
  const set = (change: Partial<typeof body>) => setBody({ ...body, ...change });

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const isPublic = body.kind === "public";
    const list = isPublic ? origins.split(/[\s,]+/).filter((origin) => origin !== "") : [];
    await onCreate({ ...body, origins: list });
    setBusy(false);
  };
  return (
    <form class="key-form" onSubmit={(event) => void submit(event)}>
      <TextField label="Name" value={body.name} hint="web shop" onValue={(name) => set({ name })} />
      <label class="field">
        Kind
        <select value={body.kind} onChange={(event) => set({ kind: event.currentTarget.value })}>
          {KINDS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <TextField
        label="Project"
        value={body.project}
        hint="shop"
        onValue={(name) => set({ project: name })}
      />
      <label class="field">
        Environment
        <select
          value={body.environment}
          onChange={(event) => set({ environment: event.currentTarget.value })}
        >
          {["dev", "staging", "prod"].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {body.kind === "public" ? (
        <TextField
          label="Origins"
          value={origins}
          hint="https://shop.example"
          onValue={setOrigins}
        />
      ) : null}
      <button type="submit" class="primary" disabled={isBusy}>
        Make key
      </button>
    </form>
  );
}

interface TextFieldProps {
  label: string;
  value: string;
  hint: string;
  onValue: (value: string) => void;
}

function TextField({ label, value, hint, onValue }: TextFieldProps) {
  return (
    <label class="field">
      {label}
      <input
        type="text"
        required
        value={value}
        placeholder={hint}
        autoComplete="off"
        spellcheck={false}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </label>
  );
}
