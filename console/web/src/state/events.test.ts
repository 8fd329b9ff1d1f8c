import { beforeEach, expect, test, vi } from "vitest";

const answers = new Map<string, (value: unknown) => void>();
vi.mock("../api/http", () => ({
  ApiError: class extends Error {},
  signedOut: vi.fn(),
  useToken: vi.fn(),
  api: (_method: string, path: string) =>
    new Promise((resolve) => answers.set(path.split("?")[0] ?? path, resolve)),
}));

vi.mock("./alarm", () => ({ ring: vi.fn(), callChief: vi.fn(), allowSound: vi.fn() }));

class Source extends EventTarget {
  static newest: Source;
  static readonly CLOSED = 2;
  readyState = 1;
  constructor(readonly url: string) {
    super();
    Source.newest = this;
  }
  close(): void {}
  say(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

beforeEach(() => {
  answers.clear();
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("window", globalThis);
});

test("what is heard while lists are loaded is not lost to an older list", async () => {
  const { connect, disconnect } = await import("./events");
  const { calls } = await import("./calls");
  connect();
  Source.newest.say("hello", { now: "2026-11-22T08:00:00.000Z" });
  const call = { id: "a-1", officer: "o-1", state: "raised", at: "2026-11-22T08:00:01.000Z", place: null };
  Source.newest.say("alarms", call);
  expect(calls.value.map((one) => one.id)).toEqual(["a-1"]);
  for (const path of [...answers.keys()]) answers.get(path)?.(path === "/incidents" ? { items: [] } : []);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(calls.value.map((one) => one.id)).toEqual(["a-1"]);
  disconnect();
});
