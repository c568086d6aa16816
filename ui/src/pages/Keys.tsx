// Keys: who may send. A key is shown once; two may live in one slot while it is rotated.

import { useState } from "preact/hooks";
import { useAnswer } from "../answers";
import { post, Problem } from "../api";
import { Copyable } from "../parts/copy";
import { Panel } from "../parts/panel";
import { Answered, Empty } from "../parts/states";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import type { Scope } from "../scope";
import type { ApiKey, Keys, Me, MintedKey } from "../shapes";
import { FormProblem } from "./Alone";
import { NewKey } from "./NewKey";

export function KeysPage({ me, scope }: { me: Me; scope: Scope | null }) {
  const isAllowed = me.is_admin;
  const loaded = useAnswer<Keys>(isAllowed ? "/api/keys" : null, { group: "keys" });
  const [minted, setMinted] = useState<MintedKey | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);

  const act = async (doing: () => Promise<MintedKey | undefined>) => {
    setProblem(null);
    try {
      const made = await doing();
      if (made) setMinted(made);
      loaded.reload();
    } catch (caught) {
      setProblem(caught instanceof Problem ? caught : null);
    }
  };
  if (!isAllowed) {
    return (
      <div class="page">
        <h1>Keys</h1>
        <Empty title="Only an admin sees keys">
          <p>Ask an admin of this installation for a key, or for the admin role.</p>
        </Empty>
      </div>
    );
  }
  const live = loaded.answer?.keys.filter((key) => key.revoked_at === null) ?? [];
  return (
    <div class="page">
      <h1>{loaded.answer ? headline(live) : "Keys"}</h1>
      {minted ? <Shown minted={minted} onSeen={() => setMinted(null)} /> : null}
      <FormProblem problem={problem} />
      <Panel title="New key">
        <NewKey
          project={scope?.project ?? ""}
          environment={scope?.environment ?? "dev"}
          onCreate={(body) => act(() => post<MintedKey>("/api/keys", body))}
        />
      </Panel>
      <Panel title="Keys in use">
        <Answered loaded={loaded}>
          {() => (
            <KeyTable
              keys={live}
              onRotate={(key) =>
                act(() => post<MintedKey>(`/api/keys/slots/${key.slot_id}/rotate`))
              }
              onRevoke={(key) => act(() => post<undefined>(`/api/keys/${key.key_id}/revoke`))}
            />
          )}
        </Answered>
      </Panel>
    </div>
  );
}

function headline(live: ApiKey[]): string {
  if (live.length === 0) return "No key is in use: nothing can send yet";
  return live.length === 1 ? "One key is in use" : `${live.length} keys are in use`;
}

function Shown({ minted, onSeen }: { minted: MintedKey; onSeen: () => void }) {
  return (
    <section class="panel" aria-label="The new key" role="status">
      <header class="panel-head">
        <h2>Copy the key now: it is not shown again</h2>
      </header>
      <Copyable text={minted.key} label="the key" />
      <p class="chart-note">It is in force in every process within 2 s.</p>
      <p class="chart-note">
        <button type="button" onClick={onSeen}>
          I have it
        </button>
      </p>
    </section>
  );
}

interface KeyTableProps {
  keys: ApiKey[];
  onRotate: (key: ApiKey) => void;
  onRevoke: (key: ApiKey) => void;
}

function KeyTable({ keys, onRotate, onRevoke }: KeyTableProps) {
  if (keys.length === 0) {
    return (
      <Empty title="None yet">
        <p>Make the first one above; a source sends with it as its bearer token.</p>
      </Empty>
    );
  }
  return (
    <Table
      caption="Keys in use"
      rows={keys}
      rowKey={(key) => key.key_id}
      columns={[
        { name: "Name", by: (key) => key.name, cell: (key) => key.name },
        { name: "Kind", by: (key) => key.kind, cell: (key) => key.kind },
        {
          name: "For",
          by: (key) => `${key.project} ${key.environment}`,
          cell: (key) => `${key.project}, ${key.environment}`,
        },
        {
          name: "Made",
          by: (key) => key.created_at,
          cell: (key) => <Time at={key.created_at} />,
        },
        {
          name: "Ends",
          by: (key) => key.expires_at ?? "",
          cell: (key) => (key.expires_at ? <Time at={key.expires_at} /> : "never"),
        },
        {
          name: "Change",
          isNumber: true,
          cell: (key) => (
            <KeyActs
              name={key.name}
              onRotate={() => onRotate(key)}
              onRevoke={() => onRevoke(key)}
            />
          ),
        },
      ]}
    />
  );
}

interface KeyActsProps {
  name: string;
  onRotate: () => void;
  onRevoke: () => void;
}

/** Revoking asks once more in place: it stops a sender within 2 s. */
function KeyActs({ name, onRotate, onRevoke }: KeyActsProps) {
  const [isSure, setSure] = useState(false);
  if (isSure) {
    return (
      <span class="row-acts">
        <button type="button" class="danger" onClick={onRevoke}>
          Revoke {name} now
        </button>
        <button type="button" onClick={() => setSure(false)}>
          Keep
        </button>
      </span>
    );
  }
  return (
    <span class="row-acts">
      <button type="button" onClick={onRotate} aria-label={`Rotate ${name}`}>
        Rotate
      </button>
      <button
        type="button"
        class="danger"
        onClick={() => setSure(true)}
        aria-label={`Revoke ${name}`}
      >
        Revoke
      </button>
    </span>
  );
}
