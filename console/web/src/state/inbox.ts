// What single people were told: kept by the centre, heard as it is said.

import { computed, shallowReactive } from "vue";
import { api } from "../api/http";
import type { Told } from "../api/types";
import { say, t } from "../i18n";
import { callChief } from "./alarm";
import { tellOnce } from "./actions";
import { notify } from "./notices";
import { mayCommand, mayOverride, session } from "./session";
import { contactName, officerName } from "./site";

const LOUD: Told["kind"][] = ["chase", "escalated", "nobody", "beyond_circle", "unreached"];

const known = shallowReactive(new Map<string, Told>());

export const inbox = computed(() =>
  [...known.values()].sort((a, b) => b.at.localeCompare(a.at) || b.id.localeCompare(a.id)),
);
export const unread = computed(() => inbox.value.filter((one) => !one.acknowledged && mayTake(one)));

/** Whether this person may take note of it. */
export function mayTake(one: Told): boolean {
  return one.audience !== "chief" || mayOverride.value;
}

export function toldWhom(one: Told): string {
  if (one.audience === "chief") return t("desk.chief");
  if (one.audience === "contact") return contactName(one.to);
  return one.audience === "officer" ? officerName(one.to) : one.to;
}

export async function loadInbox(): Promise<void> {
  if (!mayCommand.value) return;
  const list = await api<{ items: Told[] }>("GET", "/notices");
  known.clear();
  list.items.forEach((one) => known.set(one.id, one));
}

export function hearTold(one: Told): void {
  const isNew = !known.has(one.id);
  known.set(one.id, one);
  if (!isNew || one.acknowledged) return;
  if (one.kind === "refused" && one.to === session.value?.name) {
    tellOnce(one.id.split(":")[0] ?? one.id, t("action.refused", { why: say(one.text) }));
  } else if (LOUD.includes(one.kind)) {
    callChief();
    notify(`${t(`notice.${one.kind}`)} · ${say(one.text)}`, true);
  }
}

export async function takeNote(one: Told): Promise<void> {
  const now = await api<Told>("POST", `/notices/${encodeURIComponent(one.id)}/acknowledgement`);
  known.set(now.id, now);
}

export function forgetInbox(): void {
  known.clear();
}
