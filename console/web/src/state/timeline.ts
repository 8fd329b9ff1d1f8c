// What happened, in order, from everything that belongs to an incident.

import type { Announcement, Change, IncidentFile, Order } from "../api/types";

export type Entry =
  | { type: "started"; at: string }
  | { type: "state"; at: string; change: Change }
  | { type: "warning"; at: string; announcement: Announcement; audio: string | null }
  | { type: "order"; at: string; order: Order; change: Change };

export function timeline(file: IncidentFile): Entry[] {
  const entries: Entry[] = [{ type: "started", at: file.incident.started }];
  for (const change of file.incident.history) entries.push({ type: "state", at: change.at, change });
  for (const announcement of file.announcements) {
    const sha = announcement.receipt?.audio_sha256;
    const audio = sha ? file.evidence.find((one) => one.sha256 === sha) : undefined;
    entries.push({ type: "warning", at: announcement.requested, announcement, audio: audio?.url ?? null });
  }
  for (const order of file.orders) {
    for (const change of order.history) entries.push({ type: "order", at: change.at, order, change });
  }
  // Stable: what came first in the lists above stays first within the same moment.
  return entries.sort((a, b) => a.at.localeCompare(b.at));
}
