// What an officer does, as entries of the outbox.

import { LANE, type NewEntry } from "./outbox";
import type { Did, Fix } from "./types";

/** So large a piece gets through a poor network before it breaks off. */
export const PIECE_BYTES = 512 * 1024;

/** An id that no other phone makes (122 random bits). */
export function newId(): string {
  return crypto.randomUUID();
}

/** `sent` is filled in when the request leaves: the server sees how long it waited. */
function stamp(made: number): { at: string; sent: string } {
  return { at: new Date(made).toISOString(), sent: "" };
}

export function act(
  officer: string,
  did: Did,
  made: number,
  fix: Fix | null,
  more: { order?: string; words?: string; media?: string[] } = {},
): NewEntry {
  const id = newId();
  return {
    id,
    lane: LANE.act,
    officer,
    group: id,
    kind: "act",
    method: "POST",
    path: "/field/acts",
    json: {
      id,
      did,
      ...stamp(made),
      fix,
      order: more.order ?? null,
      words: more.words ?? "",
      media: more.media ?? [],
    },
    what: `did.${did}`,
    order: more.order,
    made,
    tries: 0,
  };
}

export function point(officer: string, made: number, fix: Fix): NewEntry {
  const id = newId();
  return {
    id,
    lane: LANE.act,
    officer,
    group: id,
    kind: "point",
    method: "POST",
    path: "/field/positions",
    json: { id, at: new Date(made).toISOString(), ...fix },
    what: "did.point",
    made,
    tries: 0,
  };
}

export function alarm(officer: string, made: number, fix: Fix | null, order?: string): NewEntry {
  const id = newId();
  return {
    id,
    lane: LANE.alarm,
    officer,
    group: id,
    kind: "alarm",
    method: "POST",
    path: "/field/alarms",
    json: { id, ...stamp(made), fix, order: order ?? null },
    what: "did.alarm",
    order,
    made,
    tries: 0,
  };
}

export function withdrawal(officer: string, alarmId: string, made: number): NewEntry {
  return {
    id: newId(),
    lane: LANE.alarm,
    officer,
    group: alarmId,
    kind: "withdraw",
    method: "POST",
    path: `/field/alarms/${alarmId}/withdraw`,
    json: stamp(made),
    what: "did.withdraw",
    made,
    tries: 0,
  };
}

export interface FileFacts {
  kind: "photo" | "audio" | "video";
  mime: string;
  order?: string;
  alarm?: string;
  made: number;
  fix: Fix | null;
  original_sha256?: string;
  original_taken?: string;
}

/** One file on its way: begun, its pieces, finished. */
export class FileEntries {
  readonly id = newId();
  private pieces = 0;

  constructor(
    private readonly officer: string,
    private readonly facts: FileFacts,
  ) {}

  begin(): NewEntry {
    const { kind, mime, order, alarm, made, fix, original_sha256, original_taken } = this.facts;
    return this.entry("begin", "PUT", "", {
      json: {
        kind,
        mime,
        order: order ?? null,
        alarm: alarm ?? null,
        fix,
        ...stamp(made),
        original_sha256: original_sha256 ?? null,
        original_taken: original_taken ?? "",
      },
    });
  }

  piece(body: Blob): NewEntry {
    return this.entry("piece", "PUT", `/pieces/${this.pieces++}`, { body });
  }

  /** A whole file in pieces. */
  cut(whole: Blob): NewEntry[] {
    const entries: NewEntry[] = [];
    for (let at = 0; at < whole.size; at += PIECE_BYTES) {
      entries.push(this.piece(whole.slice(at, at + PIECE_BYTES)));
    }
    return entries;
  }

  finish(more: { sha256?: string; seconds?: number } = {}): NewEntry {
    return this.entry("finish", "POST", "/finish", {
      json: { pieces: this.pieces, sha256: more.sha256 ?? null, seconds: more.seconds ?? null },
    });
  }

  private entry(
    kind: NewEntry["kind"],
    method: NewEntry["method"],
    path: string,
    content: Pick<NewEntry, "json" | "body">,
  ): NewEntry {
    return {
      id: newId(),
      lane: this.facts.kind === "video" ? LANE.film : LANE.file,
      officer: this.officer,
      group: this.id,
      kind,
      method,
      path: `/field/media/${this.id}${path}`,
      ...content,
      what: `file.${this.facts.kind}`,
      order: this.facts.order,
      made: this.facts.made,
      tries: 0,
    };
  }
}

/** Files whose recording was cut off, e.g. because the phone went out: finish them as they are. */
export function unfinished(entries: NewEntry[], running: ReadonlySet<string>): NewEntry[] {
  const groups = new Map<string, NewEntry[]>();
  for (const one of entries) {
    if (["begin", "piece", "finish"].includes(one.kind) && !one.problem) {
      groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
    }
  }
  const ends: NewEntry[] = [];
  for (const [group, parts] of groups) {
    const last = parts.filter((one) => one.kind === "piece").at(-1);
    if (running.has(group) || !last || parts.some((one) => one.kind === "finish")) continue;
    const pieces = Number(last.path.split("/").at(-1)) + 1;
    const { n: _, ...rest } = last as NewEntry & { n?: number };
    ends.push({
      ...rest,
      id: newId(),
      kind: "finish",
      method: "POST",
      path: `/field/media/${group}/finish`,
      json: { pieces, sha256: null, seconds: null },
      body: undefined,
      tries: 0,
    });
  }
  return ends;
}
