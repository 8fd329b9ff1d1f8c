// Everything an officer does goes through here: kept on the phone first, delivered in order when
// there is a network, removed once the server has said that it has it. An answer that was lost on
// the way makes the same request go out again; its id is the same, so the server takes it once.
//
// Two tracks work beside each other: what is urgent (calls for help, acts, places) never waits for
// a picture that is on its way through a poor network.

/** What goes first: a call for help, then acts and places as they happened, then files. */
export const LANE = { alarm: 0, act: 1, file: 2, film: 3 } as const;
export type Lane = (typeof LANE)[keyof typeof LANE];
export const TRACKS = { urgent: [LANE.alarm, LANE.act], files: [LANE.file, LANE.film] } as const;
export type Track = keyof typeof TRACKS;
/** A film that is being taken goes before files that are kept: somebody may be looking at it. */
const LIVE = 1.5;

export interface NewEntry {
  /** Made on the phone; the same in every try. */
  id: string;
  lane: Lane;
  /** Whose it is: nobody else's session delivers it. */
  officer: string;
  /** Entries of one file; when one is refused, so are those that follow. */
  group: string;
  kind: "alarm" | "withdraw" | "act" | "point" | "begin" | "piece" | "finish";
  method: "POST" | "PUT";
  path: string;
  json?: Record<string, unknown>;
  body?: Blob;
  /** What a person is shown: a key of the books of words. */
  what: string;
  order?: string;
  /** When it happened, milliseconds by the phone. */
  made: number;
  tries: number;
  /** Why the server will never take it; absent while it waits. */
  problem?: string;
}

export interface Entry extends NewEntry {
  /** Given by the shelf, growing. */
  n: number;
}

export interface Shelf {
  add(entries: NewEntry[]): Promise<void>;
  all(): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(numbers: number[]): Promise<void>;
}

export type Answer =
  | { kind: "taken"; content: unknown }
  | { kind: "refused"; code: string }
  /** `offline`: nothing gets through; else the server could not at present. */
  | { kind: "later"; offline: boolean }
  | { kind: "signed-out" };

/** One request for one or, for places, several entries. */
export type Deliver = (entries: Entry[]) => Promise<Answer>;
export type Outcome = "empty" | "later" | "signed-out";

const MOST_POINTS = 100;

export interface Listener {
  changed(entries: Entry[]): void;
  taken(entry: Entry, content: unknown): void;
  refused(entry: Entry, code: string): void;
}

export class Outbox {
  private readonly draining = new Map<Track, Promise<Outcome>>();
  private readonly again = new Set<Track>();

  constructor(
    private readonly shelf: Shelf,
    private readonly deliver: Deliver,
    private readonly listener: Listener,
    /** Groups that are being recorded now. */
    private readonly live: ReadonlySet<string> = new Set(),
  ) {}

  /** Keep what was done. It is on the disk when this returns. */
  async add(...entries: NewEntry[]): Promise<void> {
    await this.shelf.add(entries);
    await this.look();
  }

  /** Tell the listener what lies here. */
  async look(): Promise<Entry[]> {
    const entries = await this.shelf.all();
    this.listener.changed(entries);
    return entries;
  }

  /** Throw away what was refused; what waits cannot be thrown away. */
  async discard(group: string): Promise<void> {
    const refused = (await this.shelf.all()).filter((one) => one.group === group && one.problem);
    await this.shelf.remove(refused.map((one) => one.n));
    await this.look();
  }

  /** Deliver all of one track that can be delivered for one officer; never twice at a time. */
  drain(officer: string, track: Track): Promise<Outcome> {
    const running = this.draining.get(track);
    if (running) {
      this.again.add(track);
      return running;
    }
    const work = this.work(officer, track).finally(() => this.draining.delete(track));
    this.draining.set(track, work);
    return work;
  }

  private async work(officer: string, track: Track): Promise<Outcome> {
    const held = new Set<Lane>();
    const lanes: readonly Lane[] = TRACKS[track];
    for (;;) {
      this.again.delete(track);
      const waiting = inOrder(await this.look(), officer, this.live).filter(
        (one) => lanes.includes(one.lane) && !held.has(one.lane),
      );
      const first = waiting[0];
      if (!first) {
        if (this.again.has(track) && held.size === 0) continue;
        return held.size > 0 ? "later" : "empty";
      }
      const together = first.kind === "point" ? points(waiting) : [first];
      const answer = await this.deliver(together);
      if (answer.kind === "taken") {
        await this.shelf.remove(together.map((one) => one.n));
        for (const one of together) this.listener.taken(one, answer.content);
      } else if (answer.kind === "refused") {
        await this.refuse(together, answer.code);
      } else if (answer.kind === "signed-out") {
        await this.look();
        return "signed-out";
      } else {
        for (const one of together) await this.shelf.put({ ...one, tries: one.tries + 1 });
        if (answer.offline) {
          await this.look();
          return "later";
        }
        // The server cannot take this one now; what does not depend on it need not wait for it.
        held.add(first.lane);
      }
    }
  }

  private async refuse(entries: Entry[], code: string): Promise<void> {
    const groups = new Set(entries.map((one) => one.group));
    for (const one of await this.shelf.all()) {
      if (groups.has(one.group) && !one.problem) await this.shelf.put({ ...one, problem: code });
    }
    for (const one of entries) this.listener.refused(one, code);
  }
}

/** What waits for an officer's session, in the order in which it goes. */
export function inOrder(entries: Entry[], officer: string, live: ReadonlySet<string> = new Set()): Entry[] {
  const turn = (one: Entry): number => (one.lane === LANE.film && live.has(one.group) ? LIVE : one.lane);
  return entries
    .filter((one) => one.officer === officer && !one.problem)
    .sort((a, b) => turn(a) - turn(b) || a.n - b.n);
}

/** The places at the head: they travel together up to the next act. */
function points(waiting: Entry[]): Entry[] {
  const end = waiting.findIndex((one) => one.kind !== "point");
  return waiting.slice(0, Math.min(end < 0 ? waiting.length : end, MOST_POINTS));
}
