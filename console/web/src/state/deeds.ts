// What an entry of the audit log says, in words.

import type { AuditEntry } from "../api/types";
import { maybe, say } from "../i18n";

/** The deed; a change of state names the state that it led to. */
export function done(one: AuditEntry): string {
  const to = one.detail["to"] ?? one.detail["state"];
  const stepped = one.action.endsWith(".state") && typeof to === "string";
  return stepped ? `${say(one.deed)} ${maybe(`state.${to}`, to)}` : say(one.deed);
}
