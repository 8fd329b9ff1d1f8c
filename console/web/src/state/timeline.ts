// What happened, in order, from everything that belongs to an incident.

import type { Announcement, Change, IncidentFile, Order } from "../api/types";

export type Entry =
  | { type: "started"; at: string }
  | { type: "state"; at: string; change: Change; officer: string | null }
  | { type: "warning"; at: string; announcement: Announcement; audio: string | null }
  | { type: "order"; at: string; order: Order; change: Change };

/** What comes first within a second: cause before effect. Entries of one rank go by their time. */
const RANK = { started: 0, found: 1, answer: 2, warning: 3, other: 4 };
const FOUND = ["detected", "confirmed", "reopened"];

export function timeline(file: IncidentFile): Entry[] {
  const history = file.incident.history;
  const ranked: { entry: Entry; rank: number }[] = [
    { entry: { type: "started", at: file.incident.started }, rank: RANK.started },
  ];
  const told = new Set<Change>();
  history.forEach((change, n) => {
    const twin = sameStep(change, file.orders, told);
    if (twin) told.add(twin.change);
    const entry: Entry = { type: "state", at: change.at, change, officer: twin?.officer ?? null };
    // A history keeps its own order, whatever its states are.
    const before = n > 0 && second(history[n - 1]?.at) === second(change.at) ? (ranked.at(-1)?.rank ?? 0) : 0;
    ranked.push({ entry, rank: Math.max(before, rankOf(change)) });
  });
  for (const announcement of file.announcements) {
    const audio = announcement.receipt?.audio_sha256
      ? `/api/v1/announcements/${encodeURIComponent(announcement.id)}/audio`
      : null;
    ranked.push({
      entry: { type: "warning", at: announcement.requested, announcement, audio },
      rank: RANK.warning,
    });
  }
  for (const order of file.orders) {
    for (const change of order.history) {
      if (told.has(change)) continue;
      ranked.push({ entry: { type: "order", at: change.at, order, change }, rank: RANK.other });
    }
  }
  // Stable: what came first in the lists above stays first within the same moment.
  ranked.sort(
    (a, b) =>
      second(a.entry.at).localeCompare(second(b.entry.at)) ||
      a.rank - b.rank ||
      a.entry.at.localeCompare(b.entry.at),
  );
  return ranked.map((one) => one.entry);
}

function rankOf(change: Change): number {
  if (FOUND.includes(change.state)) return RANK.found;
  return change.state === "warning" ? RANK.answer : RANK.other;
}

/** A moment (ISO 8601, UTC) to the second, as it is shown. */
function second(moment: string | undefined): string {
  return (moment ?? "").slice(0, 19);
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
