// What the phone knows and does: who it is, its orders, its outbox, its place.

import { computed, reactive, ref, shallowReactive, shallowRef, watch } from "vue";
import { act, alarm, FileEntries, type FileFacts, point, unfinished, withdrawal } from "./entries";
import { ask, deliver, NetError, signIn as netSignIn, signOut as netSignOut, whoami } from "./net";
import { type Answer, type Entry, inOrder, type NewEntry, Outbox, type Outcome, type Track } from "./outbox";
import { type PlaceTrouble, PlaceWatch, type Seen } from "./place";
import { prepare } from "./picture";
import { running } from "./recording";
import { Settling } from "./settling";
import { kept, outboxShelf } from "./shelf";
import type { Did, FieldOrder, FieldState, OrderState, Session } from "./types";
import { language } from "./words";

const POLL_MS = 20_000;
/** In a dead zone a connection may seem open for minutes: it is asked for everything now and then. */
const PROBE_EVERY = 3;
const COME_BACK_MS = 5_000;
const OVERTAKEN_MS = 10_000;
const RETRY_MS = [2_000, 4_000, 8_000, 15_000, 30_000];
const DELIVERED_SHOWN = 20;
export const WITHDRAW_S = 10;

export const session = ref<Session | null>(null);
export const state = shallowRef<FieldState | null>(null);
/** The server answered the last time it was asked. */
export const online = ref(true);
/** The session is over; what is done is kept until somebody signs in again. */
export const signedOut = ref(false);
export const ready = ref(false);
export const noOfficer = ref(false);
export const entries = shallowRef<Entry[]>([]);
export const delivered = shallowReactive<{ what: string; at: number }[]>([]);
export const late = reactive(new Map<string, OrderState>());
export const place = ref<{ seen: Seen | null; trouble: PlaceTrouble | null }>({ seen: null, trouble: null });
export const files = reactive(new Map<string, { id: string; kind: string }[]>());
export const raised = ref<{ id: string; made: number } | null>(null);

/** Somebody at the desk looks at this film now. */
export const watched = (film: string): boolean => state.value?.watched?.includes(film) ?? false;

const officer = computed(() => state.value?.officer.id ?? "");
export const mine = computed(() => entries.value.filter((one) => one.officer === officer.value));
export const waiting = computed(() => inOrder(entries.value, officer.value));
export const foreign = computed(() => entries.value.length - mine.value.length);

/** On duty, as the officer last said it, delivered or not. */
export const duty = computed(() => {
  const said = waiting.value.filter((one) => ["did.duty_on", "did.duty_off"].includes(one.what)).at(-1);
  return said ? said.what === "did.duty_on" : (state.value?.duty ?? false);
});

export const OPEN: OrderState[] = ["offered", "acknowledged", "en_route", "on_scene"];
const settling = new Settling();

/** An order's state with what the officer has answered; what the desk took away stays taken away. */
export function stateOf(order: FieldOrder): { state: OrderState; queued: boolean } {
  const acts = waiting.value.filter((one) => one.kind === "act" && one.order === order.id);
  const queued = acts.length > 0;
  if (!OPEN.includes(order.state)) return { state: order.state, queued };
  const said = acts.map((one) => one.json?.["did"] as OrderState);
  return { state: settling.order(order.id, order.state, said), queued };
}

/** A message that summoned the officer leads to its order. */
const asked = new URLSearchParams(location.search).get("order");
/** The order to act on: the one asked for, else the newest that is open. */
export const current = computed(() => {
  const open = state.value?.orders.filter((one) => OPEN.includes(stateOf(one).state)) ?? [];
  return open.find((one) => one.id === asked) ?? open[0] ?? null;
});

// ---------------------------------------------------------------------------- the outbox

async function send(some: Entry[]): Promise<Answer> {
  const answer = await deliver(some);
  if (answer.kind === "later" && answer.offline) online.value = false;
  return answer;
}

const outbox = new Outbox(outboxShelf, send, {
  changed: (all) => (entries.value = all),
  taken(entry, content) {
    online.value = true;
    tries = 0;
    // A file is delivered when its last part is.
    if (!["point", "begin", "piece"].includes(entry.kind)) {
      delivered.unshift({ what: entry.what, at: Date.now() });
      delivered.splice(DELIVERED_SHOWN);
    }
    if (entry.kind === "act" && entry.what.startsWith("did.duty_")) settleDuty(entry.what === "did.duty_on");
    const answer = content as { outcome?: string; order_state?: OrderState } | undefined;
    if (answer?.outcome === "late" && entry.order && answer.order_state) late.set(entry.order, answer.order_state);
    else if (entry.kind === "act" && entry.order) settling.sayOrder(entry.order, entry.json?.["did"] as OrderState | "support");
    if (entry.kind === "act" || entry.lane === 0) fresh = true;
  },
  refused: () => (fresh = true),
}, running);
let tries = 0;
let retry = 0;
let fresh = false;

/** Keep it on the phone, then try to deliver it. */
export async function keep(...some: NewEntry[]): Promise<void> {
  await outbox.add(...some);
  kick();
}

/** Try now. */
export function kick(): void {
  window.clearTimeout(retry);
  if (!officer.value) return;
  for (const track of ["urgent", "files"] as const) {
    void locked(track, () => outbox.drain(officer.value, track)).then(after);
  }
}

// With two pages open, one of them delivers.
async function locked(track: Track, work: () => Promise<Outcome>): Promise<Outcome> {
  return navigator.locks ? navigator.locks.request(`wardwatch-outbox-${track}`, work) : work();
}

function after(outcome: Outcome): void {
  if (outcome === "signed-out") signedOut.value = true;
  if (outcome === "later") {
    const pause = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)] as number;
    window.clearTimeout(retry);
    retry = window.setTimeout(kick, pause);
  }
  if (fresh) {
    fresh = false;
    void refresh();
  }
}

export const discard = (group: string): Promise<void> => outbox.discard(group);

// ---------------------------------------------------------------------------- what the server says

let events: EventSource | undefined;
let comeBack = 0;

function settleDuty(on: boolean): void {
  settling.sayDuty(on);
  if (!state.value) return;
  state.value = { ...state.value, duty: on };
  void kept.put("state", state.value);
}

async function accept(said: FieldState): Promise<void> {
  const given = { ...said, duty: settling.duty(said.duty) };
  // Two answers may overtake each other on the way.
  const behind_ms = Date.parse(state.value?.now ?? "") - Date.parse(given.now);
  if (state.value?.officer.id === given.officer.id && behind_ms > 0 && behind_ms < OVERTAKEN_MS) return;
  state.value = given;
  online.value = true;
  noOfficer.value = false;
  await kept.put("state", given);
  // Pictures of a scene stay on the phone no longer than the order does.
  const open = given.orders.filter((one) => OPEN.includes(one.state)).map((one) => `picture:${one.id}`);
  for (const key of await kept.keys()) {
    if (key.startsWith("picture:") && !open.includes(key)) await kept.remove(key);
  }
}

/** Ask for everything anew. */
export async function refresh(): Promise<void> {
  try {
    await accept(await ask<FieldState>("GET", "/field/state"));
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    if (error.status === 0) lost();
    if (error.status === 401) signedOut.value = true;
    if (error.code === "no-officer") noOfficer.value = true;
  }
}

/** Nothing gets through, whatever the connection of the events believes of itself. */
function lost(): void {
  online.value = false;
  events?.close();
  window.clearTimeout(comeBack);
  comeBack = window.setTimeout(() => void resume(), COME_BACK_MS);
}

function connect(): void {
  events?.close();
  window.clearTimeout(comeBack);
  if (!session.value) return;
  const source = new EventSource("/api/v1/field/events");
  events = source;
  source.addEventListener("state", (event) => {
    void accept(JSON.parse((event as MessageEvent<string>).data) as FieldState);
    if (waiting.value.length > 0) kick();
  });
  source.addEventListener("signed-out", () => {
    source.close();
    signedOut.value = true;
  });
  source.onerror = () => {
    online.value = false;
    // A refused request is not tried again by the browser.
    if (source.readyState === EventSource.CLOSED && source === events) lost();
  };
}

/** Find out who we are, then catch up. */
async function resume(): Promise<void> {
  try {
    session.value = await whoami();
  } catch {
    lost();
    return;
  }
  signedOut.value = session.value === null;
  if (!session.value) return;
  await refresh();
  connect();
  kick();
}

export async function start(): Promise<void> {
  state.value = (await kept.get<FieldState>("state")) ?? null;
  raised.value = (await kept.get<{ id: string; made: number }>("alarm")) ?? null;
  for (const [order, list] of (await kept.get<[string, { id: string; kind: string }[]][]>("files")) ?? []) {
    files.set(order, list);
  }
  const left = unfinished(await outbox.look(), running);
  if (left.length > 0) await outbox.add(...left);
  ready.value = true;
  await resume();
  window.addEventListener("online", () => void resume());
  window.addEventListener("offline", () => (online.value = false));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void resume();
  });
  let turn = 0;
  window.setInterval(() => {
    const quiet = events?.readyState === EventSource.OPEN && ++turn % PROBE_EVERY !== 0;
    if (session.value && !quiet) void refresh().then(kick);
  }, POLL_MS);
}

export async function signIn(name: string, password: string): Promise<void> {
  session.value = await netSignIn(name, password);
  const chosen = language.value;
  if (session.value.language !== chosen) {
    await ask("PATCH", "/session", { language: chosen }).catch(() => undefined);
  }
  signedOut.value = false;
  // Ask the browser not to throw the outbox away when the phone is full.
  void navigator.storage?.persist?.();
  await refresh();
  connect();
  kick();
}

export async function signOut(): Promise<void> {
  watcher.stop();
  events?.close();
  await netSignOut();
  session.value = state.value = null;
  signedOut.value = true;
  await kept.clear();
  files.clear();
}

// ---------------------------------------------------------------------------- place

const watcher = new PlaceWatch(
  navigator.geolocation,
  (seen) => {
    if (duty.value && officer.value) void keep(point(officer.value, seen.at, seen.fix));
  },
  (seen, trouble) => (place.value = { seen, trouble }),
);
watch(duty, (on) => (on ? watcher.start() : watcher.stop()), { flush: "sync" });

// ---------------------------------------------------------------------------- what the officer does

export async function does(did: Did, more: { order?: string; words?: string } = {}): Promise<void> {
  const media = more.order && did === "handled" ? (files.get(more.order) ?? []).map((one) => one.id) : [];
  await keep(act(officer.value, did, Date.now(), watcher.current(), { ...more, media }));
}

/** Throws when the file is no picture. */
export async function addPicture(order: string, file: Blob): Promise<void> {
  const made = Date.now();
  const picture = await prepare(file);
  const told = duty.value && picture.taken.place ? { ...picture.taken.place, accuracy_m: null } : null;
  const facts: FileFacts = {
    kind: "photo",
    mime: "image/jpeg",
    order,
    made,
    fix: watcher.current() ?? told,
    original_sha256: picture.original_sha256,
    original_taken: picture.taken.time,
  };
  const parts = new FileEntries(officer.value, facts);
  await keep(parts.begin(), ...parts.cut(picture.small), parts.finish({ sha256: picture.sha256 }));
  await noteFile(order, parts.id, "photo");
}

export async function noteFile(order: string, id: string, kind: string): Promise<void> {
  files.set(order, [...(files.get(order) ?? []), { id, kind }]);
  await kept.put("files", [...files].map(([key, list]) => [key, list.map((one) => ({ ...one }))]));
}

export const here = (): ReturnType<PlaceWatch["current"]> => watcher.current();
export const officerId = (): string => officer.value;

/** Call for help: at once, with the place that is known. */
export async function callForHelp(): Promise<void> {
  const entry = alarm(officer.value, Date.now(), watcher.current(), current.value?.id);
  raised.value = { id: entry.id, made: entry.made };
  await kept.put("alarm", { ...raised.value });
  await keep(entry);
}

export async function withdrawAlarm(): Promise<void> {
  if (raised.value) await keep(withdrawal(officer.value, raised.value.id, Date.now()));
}

export async function forgetAlarm(): Promise<void> {
  raised.value = null;
  await kept.remove("alarm");
}
