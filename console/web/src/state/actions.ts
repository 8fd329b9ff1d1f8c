// What a person may do with an incident; the server decides again.

import { shallowRef } from "vue";
import { api } from "../api/http";
import type { Action, Incident, IncidentState } from "../api/types";
import { t } from "../i18n";
import { isFinal } from "./incidents";
import { notify } from "./notices";
import { mayCommand, session } from "./session";
import { camera } from "./site";

const sent = new Set<IncidentState>(["dispatched", "acknowledged", "en_route", "on_scene"]);

export function possible(one: Incident): Action[] {
  if (!mayCommand.value || isFinal(one)) return [];
  const found: Action[] = [];
  if (one.state === "detected" || one.state === "reopened") found.push("confirm");
  if (!sent.has(one.state)) {
    if (camera(one.camera)?.speaker) found.push("warn");
    found.push("dispatch");
  }
  found.push("dismiss");
  if (session.value?.role === "chief" || session.value?.role === "admin") found.push("close");
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
  await api("POST", `/incidents/${encodeURIComponent(asked.incident.id)}/actions`, {
    action: asked.action,
    reason,
    officer,
  });
  notify(t("action.sent", { what: t(`action.${asked.action}`) }));
}
