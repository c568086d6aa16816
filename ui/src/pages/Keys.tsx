import type { Scope } from "../scope";
import type { Me } from "../shapes";

export function KeysPage(_: { me: Me; scope: Scope | null }) {
  return <div class="page" />;
}
