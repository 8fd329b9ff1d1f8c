// What a person may do with an incident; the server decides again.

import { shallowRef } from "vue";
import { api } from "../api/http";
import type { Action, Incident, IncidentFile, IncidentState } from "../api/types";
import { language, t } from "../i18n";
import { isFinal } from "./incidents";
import { notify } from "./notices";
import { mayCommand, mayOverride } from "./session";
import { camera } from "./site";

const done = new Set<IncidentState>(["complied", "checked"]);
const LOOK_AGAIN_MS = [1200, 4000];

export function possible(one: Incident): Action[] {
  if (!mayCommand.value || isFinal(one)) return [];
  const found: Action[] = [];
  if (one.state === "detected" || one.state === "reopened") found.push("confirm");
  if (camera(one.camera)?.speaker && !done.has(one.state) && one.state !== "handled") found.push("warn");
  if (!done.has(one.state)) found.push("dispatch");
  found.push("dismiss");
  if (mayOverride.value) found.push("close");
  return found;
}

export interface Question {
  incident: Incident;
  action: Action;
}

/** The action a person is being asked about; the dialog shows it. */
export const question = shallowRef<Question | null>(null);

export function ask(incident: Incident, action: Action): void {
  if (possible(incident).includes(action)) question.value = { incident, action };
  else notify(t("problem.state"), true);
}

export async function act(asked: Question, reason: string, officer: string | null): Promise<void> {
  const path = `/incidents/${encodeURIComponent(asked.incident.id)}`;
  const given = await api<{ command: string }>("POST", `${path}/actions`, {
    action: asked.action,
    reason,
    officer,
  });
  notify(t("action.sent", { what: t(`action.${asked.action}`) }));
  for (const later of LOOK_AGAIN_MS) {
    window.setTimeout(() => void tellRefusal(path, given.command), later);
  }
}

const told = new Set<string>();

/** A command may be refused where it is carried out (quiet hours, a busy officer): say why. */
async function tellRefusal(path: string, command: string): Promise<void> {
  if (told.has(command)) return;
  const file = await api<IncidentFile>("GET", path).catch(() => null);
  const entry = file?.audit.find(
    (one) => one.action === "command.refused" && one.detail["command"] === command,
  );
  if (!entry || told.has(command)) return;
  told.add(command);
  const english = String(entry.detail["en"] ?? "");
  const why = language.value === "en" && english ? english : entry.reason || english;
  notify(t("action.refused", { why }), true);
}
