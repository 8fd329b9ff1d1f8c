// What happened, in order, from everything that belongs to an incident.

import type { Announcement, Change, IncidentFile, Order } from "../api/types";

export type Entry =
  | { type: "started"; at: string }
  | { type: "state"; at: string; change: Change; officer: string | null }
  | { type: "warning"; at: string; announcement: Announcement; audio: string | null }
  | { type: "order"; at: string; order: Order; change: Change };

export function timeline(file: IncidentFile): Entry[] {
  const entries: Entry[] = [{ type: "started", at: file.incident.started }];
  const told = new Set<Change>();
  for (const change of file.incident.history) {
    const twin = sameStep(change, file.orders, told);
    if (twin) told.add(twin.change);
    entries.push({ type: "state", at: change.at, change, officer: twin?.officer ?? null });
  }
  for (const announcement of file.announcements) {
    const audio = announcement.receipt?.audio_sha256
      ? `/api/v1/announcements/${encodeURIComponent(announcement.id)}/audio`
      : null;
    entries.push({ type: "warning", at: announcement.requested, announcement, audio });
  }
  for (const order of file.orders) {
    for (const change of order.history) {
      if (!told.has(change)) entries.push({ type: "order", at: change.at, order, change });
    }
  }
  // Stable: what came first in the lists above stays first within the same moment.
  return entries.sort((a, b) => a.at.localeCompare(b.at));
}

/** How far apart an incident's and its order's record of the same step may lie. */
const SAME_STEP_MS = 5000;

/** The order's record of an incident's step, so that the step is told once, with the officer. */
function sameStep(
  change: Change,
  orders: Order[],
  told: Set<Change>,
): { officer: string; change: Change } | undefined {
  const wanted = change.state === "dispatched" ? "offered" : change.state;
  for (const order of orders) {
    const twin = order.history.find(
      (one) =>
        one.state === wanted &&
        !told.has(one) &&
        Math.abs(Date.parse(one.at) - Date.parse(change.at)) <= SAME_STEP_MS,
    );
    if (twin) return { officer: order.officer, change: twin };
  }
  return undefined;
}
