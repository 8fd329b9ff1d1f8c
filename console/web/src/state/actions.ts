// What a person may do with an incident; the server decides again.

import { shallowRef } from "vue";
import { api } from "../api/http";
import type { Action, Incident, IncidentFile, IncidentState, Priority } from "../api/types";
import { language, t } from "../i18n";
import { isFinal } from "./incidents";
import { notify } from "./notices";
import { mayCommand, mayOverride } from "./session";
import { camera } from "./site";

const done = new Set<IncidentState>(["complied", "checked"]);
const withOfficer = new Set<IncidentState>(["dispatched", "acknowledged", "en_route", "on_scene"]);
const LOOK_AGAIN_MS = [1200, 4000];

export function possible(one: Incident): Action[] {
  if (!mayCommand.value) return [];
  if (isFinal(one)) return mayOverride.value ? ["reopen"] : [];
  const found: Action[] = [];
  if (one.state === "detected" || one.state === "reopened") found.push("confirm");
  if (camera(one.camera)?.speaker && !done.has(one.state) && one.state !== "handled") found.push("warn");
  if (!done.has(one.state)) found.push("dispatch");
  if (withOfficer.has(one.state)) found.push("support");
  found.push("dismiss", "join");
  if (one.sightings.length > 1) found.push("split");
  if (mayOverride.value) found.push("transfer", "close");
  return found;
}

export interface Question {
  incident: Incident;
  action: Action;
  /** The competent department, where the catalogue names one. */
  department: string;
}

/** What a person adds to a decision. */
export interface Answer {
  reason: string;
  officer: string | null;
  to: string;
  documents: string[];
  group: string | null;
  priority: Priority;
  volume: number | null;
  /** 并案: the incident that goes on with the act. */
  into: string;
  /** 拆分: those of its sightings that are another act. */
  sightings: string[];
}

/** Grows with every step and every order: what the person looked at. */
export function version(one: Incident): number {
  return one.history.length + one.orders.length;
}

/** What an action is called now: whoever dispatches once more sends another officer. */
export function actionName(one: Incident, action: Action): string {
  return t(action === "dispatch" && withOfficer.has(one.state) ? "desk.reassign" : `action.${action}`);
}

/** The action a person is being asked about; the dialog shows it. */
export const question = shallowRef<Question | null>(null);

export function ask(incident: Incident, action: Action, department = ""): void {
  if (possible(incident).includes(action)) question.value = { incident, action, department };
  else notify(t("problem.state"), true);
}

export async function act(asked: Question, answer: Answer): Promise<void> {
  const path = `/incidents/${encodeURIComponent(asked.incident.id)}`;
  const given = await api<{ command: string }>("POST", `${path}/actions`, {
    action: asked.action,
    seen: version(asked.incident),
    ...answer,
  });
  notify(t("action.sent", { what: actionName(asked.incident, asked.action) }));
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
  if (!entry) return;
  const english = String(entry.detail["en"] ?? "");
  const why = language.value === "en" && english ? english : entry.reason || english;
  tellOnce(command, t("action.refused", { why }));
}

/** Say what became of a command; it may be heard of in two ways. */
export function tellOnce(command: string, text: string): void {
  if (told.has(command)) return;
  told.add(command);
  notify(text, true);
}
