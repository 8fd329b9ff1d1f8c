// Who is signed in.

import { computed, ref } from "vue";
import { api, ApiError, signedOut, useToken } from "../api/http";
import type { Language, Role, Session } from "../api/types";
import { language } from "../i18n";

// Reviewer and supervisor look, and command nothing; an officer has a page apart.
const ranks: Record<Role, number> = { officer: -1, viewer: 0, supervisor: 0, reviewer: 0, monitor: 1, chief: 2, admin: 3 };

export const session = ref<Session | null>(null);
export const mayCommand = computed(() => rank(session.value?.role) >= ranks.monitor);
export const mayOverride = computed(() => rank(session.value?.role) >= ranks.chief);

export const maySupervise = computed(() => mayOverride.value || session.value?.role === "supervisor");

// A language chosen on the sign-in page wins over the one kept with the account.
let choseBefore = false;

function rank(role: Role | undefined): number {
  return role ? ranks[role] : -1;
}

function accept(given: Session): void {
  session.value = given;
  useToken(given.csrf);
  language.value = given.language;
}

/** Ask who we are; false when nobody is signed in. */
export async function resume(): Promise<boolean> {
  if (session.value) return true;
  try {
    accept(await api<Session>("GET", "/session"));
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  const chosen = language.value;
  accept(await api<Session>("POST", "/session", { name, password }));
  if (choseBefore) await switchLanguage(chosen);
  choseBefore = false;
}

export async function signOut(): Promise<void> {
  await api("DELETE", "/session").catch(() => undefined);
  signedOut();
}

export async function switchLanguage(to: Language): Promise<void> {
  language.value = to;
  choseBefore = session.value === null;
  if (session.value) session.value = await api<Session>("PATCH", "/session", { language: to });
}
