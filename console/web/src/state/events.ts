// Server-sent events: one stream for the page, one more for object boxes while they are shown.

import { ref } from "vue";
import { signedOut } from "../api/http";
import type { FieldCall, FieldFilm, Health, Incident, ObjectsSeen, Position, StorageState, TipNews, Told } from "../api/types";
import { hearCall, loadCalls } from "./calls";
import { setServerTime } from "./clock";
import { hearFilm, loadFilms } from "./films";
import { hearHealth, hearObjects, hearPosition, loadField, objects } from "./field";
import { hearTold, loadInbox } from "./inbox";
import { hear, loadOpen } from "./incidents";
import { resume, session } from "./session";
import { reloadSite } from "./site";
import { hearStorage, loadStorage } from "./storage";
import { hearTip, loadTips } from "./tips";

const RETRY_MS = 3000;
/** So soon a camera that was added or removed elsewhere comes to or goes from the wall. */
const SITE_MS = 20_000;

export const connected = ref(true);

let main: EventSource | undefined;
let boxes: EventSource | undefined;
let retry = 0;
let followSite = 0;
let loading = 0;
const meanwhile: (() => void)[] = [];

function on<T>(source: EventSource, name: string, handle: (data: T) => void): void {
  source.addEventListener(name, (event) => handle(JSON.parse((event as MessageEvent<string>).data) as T));
}

/** News about what lists hold. What comes while they are loaded may be newer than they are. */
function news<T>(source: EventSource, name: string, handle: (data: T) => void): void {
  on<T>(source, name, (data) => {
    handle(data);
    if (loading) meanwhile.push(() => handle(data));
  });
}

async function reload(): Promise<void> {
  loading += 1;
  try {
    await Promise.all([loadOpen(), loadField(), loadStorage(), loadInbox(), loadCalls(), loadFilms(), loadTips()]);
  } finally {
    loading -= 1;
    if (!loading) meanwhile.splice(0).forEach((again) => again());
  }
}

export function connect(): void {
  disconnect();
  const source = new EventSource("/api/v1/events?topic=incidents&topic=positions&topic=health&topic=storage&topic=notices&topic=alarms&topic=films&topic=tips");
  main = source;
  followSite = window.setInterval(() => void reloadSite().catch(() => undefined), SITE_MS);
  on<{ now: string }>(source, "hello", (data) => {
    connected.value = true;
    setServerTime(data.now);
    // Whatever happened while nobody listened is in the lists.
    void reload().catch(() => undefined);
  });
  on<unknown>(source, "resync", () => void reload().catch(() => undefined));
  on<unknown>(source, "signed-out", () => signedOut());
  news<{ incident: Incident }>(source, "incidents", (data) => hear(data.incident));
  news<Position>(source, "positions", hearPosition);
  news<FieldCall>(source, "alarms", hearCall);
  news<FieldFilm>(source, "films", hearFilm);
  news<Health>(source, "health", hearHealth);
  news<Told>(source, "notices", hearTold);
  news<StorageState>(source, "storage", hearStorage);
  on<TipNews>(source, "tips", hearTip);
  source.onerror = () => {
    connected.value = false;
    // A refused request is not tried again by the browser: ask who we are, then come back.
    if (source.readyState === EventSource.CLOSED && source === main) {
      retry = window.setTimeout(() => void comeBack(), RETRY_MS);
    }
  };
}

async function comeBack(): Promise<void> {
  session.value = null;
  try {
    if (await resume()) connect();
    else signedOut();
  } catch {
    retry = window.setTimeout(() => void comeBack(), RETRY_MS);
  }
}

export function disconnect(): void {
  window.clearTimeout(retry);
  window.clearInterval(followSite);
  main?.close();
  main = undefined;
  showObjects(false);
}

export function showObjects(wanted: boolean): void {
  if (!wanted) {
    boxes?.close();
    boxes = undefined;
    objects.clear();
  } else if (!boxes) {
    boxes = new EventSource("/api/v1/events?topic=objects");
    on<ObjectsSeen>(boxes, "objects", hearObjects);
  }
}
