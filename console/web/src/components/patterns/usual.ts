// Usual hours in words.

import type { Usual } from "../../api/patterns";
import { type Key, t } from "../../i18n";

const SETS: Record<string, Key> = {
  "0,1,2,3,4,5,6": "patterns.everyDay",
  "0,1,2,3,4": "patterns.workdays",
  "5,6": "patterns.weekend",
};

/** 周六 05:00–07:00. */
export function usualText(usual: Usual): string {
  const named = SETS[usual.days.join(",")];
  const days = named ? t(named) : usual.days.map((day) => t(`day.${day}` as Key)).join(" ");
  return `${days} ${clock(usual.start_h)}–${clock((usual.start_h + usual.hours) % 24)}`;
}

/** True when an hour of the week (0: Monday 00:00) lies in the window. */
export function isUsual(usual: Usual | null, hour: number): boolean {
  if (!usual) return false;
  return usual.days.some((day) => (hour - day * 24 - usual.start_h + 336) % 168 < usual.hours);
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, "0")}:00`;
}
