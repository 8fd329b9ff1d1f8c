import { beforeEach, describe, expect, it } from "vitest";
import { act, alarm, FileEntries, PIECE_BYTES, point, unfinished } from "./entries";
import { type Answer, type Entry, type NewEntry, Outbox, type Outcome, type Shelf } from "./outbox";

const ME = "officer-1";
const HERE = { lon: 112.45, lat: 30.42, accuracy_m: 8 };

/** A disk: what is on it outlives the page. */
class Disk implements Shelf {
  private last = 0;
  private rows: Entry[] = [];

  async add(entries: NewEntry[]): Promise<void> {
    for (const one of entries) this.rows.push(structuredClone({ ...one, n: ++this.last }));
  }
  async all(): Promise<Entry[]> {
    return structuredClone(this.rows);
  }
  async put(entry: Entry): Promise<void> {
    this.rows = this.rows.map((one) => (one.n === entry.n ? structuredClone(entry) : one));
  }
  async remove(numbers: number[]): Promise<void> {
    this.rows = this.rows.filter((one) => !numbers.includes(one.n));
  }
}

/** A server that takes each id once, behind a network that may lose the request or the answer. */
class Server {
  taken: string[] = [];
  requests = 0;
  network: (request: number) => "up" | "no request" | "no answer" | "busy" = () => "up";
  refuses = new Set<string>();

  deliver = async (entries: Entry[]): Promise<Answer> => {
    const weather = this.network(this.requests++);
    if (weather === "no request") return { kind: "later", offline: true };
    if (weather === "busy") return { kind: "later", offline: false };
    for (const one of entries) {
      if (this.refuses.has(one.what)) return { kind: "refused", code: "not-found" };
      if (!this.taken.includes(one.id)) this.taken.push(one.id);
    }
    return weather === "no answer" ? { kind: "later", offline: true } : { kind: "taken", content: {} };
  };
}

let disk: Disk;
let server: Server;
let said: { taken: string[]; refused: string[] };

/** A page over the same disk; making another one is what a reload does. */
function page(): Outbox {
  return new Outbox(disk, server.deliver, {
    changed: () => undefined,
    taken: (entry) => said.taken.push(entry.id),
    refused: (entry) => said.refused.push(entry.id),
  });
}

/** What is urgent, then files. */
async function drain(outbox: Outbox): Promise<Outcome> {
  const both = [await outbox.drain(ME, "urgent"), await outbox.drain(ME, "files")];
  return both.find((one) => one === "signed-out") ?? both.find((one) => one === "later") ?? "empty";
}

async function deliverAll(outbox: Outbox): Promise<void> {
  for (let tries = 0; tries < 500; tries++) if ((await drain(outbox)) === "empty") return;
  throw new Error("never delivered");
}

beforeEach(() => {
  disk = new Disk();
  server = new Server();
  said = { taken: [], refused: [] };
});

describe("the outbox", () => {
  it("keeps everything while there is no network, over a reload, and delivers it in order", async () => {
    server.network = () => "no request";
    const acts = [1, 2, 3, 4].map((n) => act(ME, "on_scene", n, HERE));
    let outbox = page();
    for (const one of acts) await outbox.add(one);
    expect(await drain(outbox)).toBe("later");
    outbox = page();
    expect((await outbox.look()).map((one) => one.id)).toEqual(acts.map((one) => one.id));
    server.network = () => "up";
    expect(await drain(outbox)).toBe("empty");
    expect(server.taken).toEqual(acts.map((one) => one.id));
    expect(await outbox.look()).toEqual([]);
  });

  it("sends again what was not answered, under the same id", async () => {
    server.network = (request) => (request < 3 ? "no answer" : "up");
    const one = act(ME, "handled", 1, null);
    const outbox = page();
    await outbox.add(one);
    await deliverAll(outbox);
    expect(server.requests).toBe(4);
    expect(server.taken).toEqual([one.id]);
    expect(said.taken).toEqual([one.id]);
  });

  it("delivers each act once and in order, whatever the network does and whenever the page is reloaded", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      disk = new Disk();
      server = new Server();
      let x = seed;
      // A small linear congruence: the same seeds give the same weather.
      const chance = (): number => ((x = (x * 1103515245 + 12345) % 2147483648), x / 2147483648);
      server.network = () => (["up", "no request", "no answer", "busy"] as const)[Math.floor(chance() * 4)] ?? "up";
      let outbox = page();
      const made: NewEntry[] = [];
      for (let n = 0; n < 25; n++) {
        const one = chance() < 0.5 ? act(ME, "en_route", n, HERE) : point(ME, n, HERE);
        made.push(one);
        await outbox.add(one);
        if (chance() < 0.4) await drain(outbox);
        if (chance() < 0.2) outbox = page();
      }
      await deliverAll(outbox);
      expect(server.taken, `seed ${seed}`).toEqual(made.map((one) => one.id));
    }
  });

  it("never works twice at a time, and takes what comes meanwhile", async () => {
    const outbox = page();
    const first = act(ME, "acknowledged", 1, null);
    const second = act(ME, "en_route", 2, null);
    await outbox.add(first);
    const draining = drain(outbox);
    await outbox.add(second);
    expect(await Promise.all([draining, drain(outbox)])).toEqual(["empty", "empty"]);
    expect(server.requests).toBe(2);
    expect(server.taken).toEqual([first.id, second.id]);
  });

  it("lets a call for help overtake everything, and films overtake nothing", async () => {
    const film = new FileEntries(ME, { kind: "video", mime: "video/webm", order: "o", made: 1, fix: null });
    const photo = new FileEntries(ME, { kind: "photo", mime: "image/jpeg", order: "o", made: 1, fix: null });
    const done = act(ME, "handled", 2, null);
    const help = alarm(ME, 3, HERE);
    const outbox = page();
    const begin = [film.begin(), photo.begin()];
    await outbox.add(...begin, done, help);
    await drain(outbox);
    expect(server.taken).toEqual([help.id, done.id, begin[1]?.id, begin[0]?.id]);
  });

  it("lets a film that is being taken overtake files, and nothing hold back an act", async () => {
    const film = new FileEntries(ME, { kind: "video", mime: "video/webm", order: "o", made: 1, fix: null });
    const photo = new FileEntries(ME, { kind: "photo", mime: "image/jpeg", order: "o", made: 1, fix: null });
    const recording = new Set([film.id]);
    let arrive: (() => void) | undefined;
    const slow = async (some: Entry[]): Promise<Answer> => {
      if (some[0]?.kind === "piece") await new Promise<void>((done) => (arrive = done));
      return server.deliver(some);
    };
    const nothing = { changed: () => undefined, taken: () => undefined, refused: () => undefined };
    const outbox = new Outbox(disk, slow, nothing, recording);
    const parts = [film.begin(), film.piece(new Blob(["a"]))];
    const old = photo.begin();
    await outbox.add(old, ...parts);
    const draining = outbox.drain(ME, "files");
    while (!arrive) await new Promise((done) => setTimeout(done));
    const arrived = act(ME, "on_scene", 2, null);
    await outbox.add(arrived);
    expect(await outbox.drain(ME, "urgent")).toBe("empty");
    expect(server.taken).toEqual([parts[0]?.id, arrived.id]);
    recording.clear(); // what is left of it takes its turn after the files
    const rest = film.piece(new Blob(["b"]));
    await outbox.add(rest);
    arrive();
    arrive = undefined;
    while (!arrive) await new Promise((done) => setTimeout(done));
    (arrive as () => void)();
    expect(await draining).toBe("empty");
    expect(server.taken.slice(2)).toEqual([parts[1]?.id, old.id, rest.id]);
  });

  it("shows what the server will never take, with all that belongs to it, and goes on", async () => {
    const file = new FileEntries(ME, { kind: "photo", mime: "image/jpeg", order: "o", made: 1, fix: null });
    const after = act(ME, "handled", 2, null);
    server.refuses.add("file.photo");
    const outbox = page();
    await outbox.add(file.begin(), file.piece(new Blob(["a"])), file.finish(), after);
    expect(await drain(outbox)).toBe("empty");
    expect(server.taken).toEqual([after.id]);
    expect((await outbox.look()).map((one) => one.problem)).toEqual(["not-found", "not-found", "not-found"]);
    expect(server.requests).toBe(2);
    await outbox.discard(file.id);
    expect(await outbox.look()).toEqual([]);
  });

  it("throws nothing away that may still be delivered", async () => {
    server.network = () => "no request";
    const one = act(ME, "handled", 1, null);
    const outbox = page();
    await outbox.add(one);
    await outbox.discard(one.group);
    expect(await outbox.look()).toHaveLength(1);
  });

  it("lets acts go on while files cannot be sealed", async () => {
    const file = new FileEntries(ME, { kind: "audio", mime: "audio/webm", order: "o", made: 1, fix: null });
    const outbox = page();
    const begin = file.begin();
    server.network = (request) => (request === 0 ? "busy" : "up");
    await outbox.add(begin);
    expect(await drain(outbox)).toBe("later");
    const arrived = act(ME, "on_scene", 2, null);
    server.network = (request) => (request === 2 ? "busy" : "up");
    await outbox.add(arrived);
    expect(await drain(outbox)).toBe("later");
    expect(server.taken).toEqual([arrived.id]);
    await deliverAll(outbox);
    expect(server.taken).toEqual([arrived.id, begin.id]);
  });

  it("delivers nobody else's acts", async () => {
    const theirs = act("officer-2", "handled", 1, null);
    const outbox = page();
    await outbox.add(theirs, act(ME, "duty_on", 2, null));
    expect(await drain(outbox)).toBe("empty");
    expect(server.taken).toHaveLength(1);
    expect((await outbox.look()).map((one) => one.officer)).toEqual(["officer-2"]);
  });

  it("stops when the session is over and keeps everything", async () => {
    const outbox = new Outbox(disk, async () => ({ kind: "signed-out" }), {
      changed: () => undefined,
      taken: () => undefined,
      refused: () => undefined,
    });
    await outbox.add(act(ME, "handled", 1, null));
    expect(await drain(outbox)).toBe("signed-out");
    expect(await outbox.look()).toHaveLength(1);
  });

  it("sends places of a dead zone together, but not past an act", async () => {
    const sizes: number[] = [];
    const outbox = new Outbox(
      disk,
      async (entries) => {
        sizes.push(entries.length);
        return { kind: "taken", content: {} };
      },
      { changed: () => undefined, taken: () => undefined, refused: () => undefined },
    );
    for (let n = 0; n < 130; n++) await outbox.add(point(ME, n, HERE));
    await outbox.add(act(ME, "duty_off", 131, null), point(ME, 132, HERE));
    await drain(outbox);
    expect(sizes).toEqual([100, 30, 1, 1]);
  });
});

describe("files", () => {
  it("are cut into pieces with numbers", () => {
    const file = new FileEntries(ME, { kind: "photo", mime: "image/jpeg", order: "o", made: 1, fix: null });
    const whole = new Blob([new Uint8Array(PIECE_BYTES * 2 + 5)]);
    const parts = file.cut(whole);
    expect(parts.map((one) => one.body?.size)).toEqual([PIECE_BYTES, PIECE_BYTES, 5]);
    expect(parts.map((one) => one.path.split("/").at(-1))).toEqual(["0", "1", "2"]);
    expect(file.finish().json).toMatchObject({ pieces: 3 });
    expect(new Set(parts.map((one) => one.group)).size).toBe(1);
  });

  it("that a dead phone cut off are finished with what is there, once", async () => {
    const facts = { kind: "video", mime: "video/webm", order: "o", made: 1, fix: null } as const;
    const [cut, whole, live] = [1, 2, 3].map(() => new FileEntries(ME, facts)) as [FileEntries, FileEntries, FileEntries];
    await disk.add([cut.begin(), cut.piece(new Blob(["a"])), cut.piece(new Blob(["b"]))]);
    await disk.add([whole.begin(), whole.piece(new Blob(["a"])), whole.finish()]);
    await disk.add([live.begin(), live.piece(new Blob(["a"]))]);
    const ends = unfinished(await disk.all(), new Set([live.id]));
    expect(ends.map((one) => [one.group, one.json?.["pieces"]])).toEqual([[cut.id, 2]]);
    expect(ends[0]).not.toHaveProperty("n");
    await disk.add(ends);
    expect(unfinished(await disk.all(), new Set([live.id]))).toEqual([]);
  });
});
