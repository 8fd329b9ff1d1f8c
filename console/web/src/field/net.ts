// The one way to the server, for what is asked and for what the outbox delivers.

import type { Answer, Entry } from "./outbox";
import type { Session } from "./types";

const API = "/api/v1";
const PATIENCE_MS = 30_000;
/** A first try may hang on a connection that died unnoticed; what it carries is taken once. */
const FIRST_PATIENCE_MS = 10_000;
/** A piece of a film over a slow network. */
const LONG_PATIENCE_MS = 120_000;
/** Answers that say nothing about the request itself: it is sent again. */
const AGAIN = [408, 425, 429];

let csrf = "";

export class NetError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`${status} ${code}`);
  }
}

export async function ask<T>(method: string, path: string, json?: unknown, patienceMs = PATIENCE_MS): Promise<T> {
  const body = json === undefined ? undefined : JSON.stringify(json);
  return (await send(method, path, body, "application/json", patienceMs)) as T;
}

async function send(
  method: string,
  path: string,
  body: BodyInit | undefined,
  type: string,
  patienceMs: number,
): Promise<unknown> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = type;
  if (method !== "GET") headers["x-csrf-token"] = csrf;
  let response: Response;
  try {
    const signal = AbortSignal.timeout(patienceMs);
    response = await fetch(API + path, { method, headers, body, signal, credentials: "same-origin" });
  } catch {
    throw new NetError(0, "unreachable");
  }
  if (response.ok) return response.status === 204 ? undefined : response.json().catch(() => undefined);
  let code = "unknown";
  try {
    code = ((await response.json()) as { type?: string }).type?.split(":").pop() ?? code;
  } catch {
    // A proxy answers in its own words; the status is enough.
  }
  throw new NetError(response.status, code);
}

/** Who is signed in; null when nobody is. Throws when the server cannot be asked. */
export async function whoami(): Promise<Session | null> {
  try {
    const session = await ask<Session>("GET", "/session");
    csrf = session.csrf;
    return session;
  } catch (error) {
    if (error instanceof NetError && error.status === 401) return null;
    throw error;
  }
}

export async function signIn(name: string, password: string): Promise<Session> {
  const session = await ask<Session>("POST", "/session", { name, password });
  csrf = session.csrf;
  return session;
}

export async function signOut(): Promise<void> {
  await ask("DELETE", "/session").catch(() => undefined);
  csrf = "";
}

/** Deliver entries of the outbox; what is wrong with them is for the outbox to judge. */
export async function deliver(entries: Entry[]): Promise<Answer> {
  try {
    if (!csrf && (await whoami()) === null) return { kind: "signed-out" };
    return { kind: "taken", content: await request(entries) };
  } catch (error) {
    return judged(error);
  }
}

function request(entries: Entry[]): Promise<unknown> {
  const [first] = entries as [Entry];
  const sent = new Date().toISOString();
  const patience = first.tries === 0 ? FIRST_PATIENCE_MS : PATIENCE_MS;
  if (first.kind === "point") return ask("POST", first.path, { sent, points: entries.map((one) => one.json) }, patience);
  if (first.body) return send(first.method, first.path, first.body, "application/octet-stream", LONG_PATIENCE_MS);
  const json = first.json && "sent" in first.json ? { ...first.json, sent } : first.json;
  // Sealing hashes the whole file, which takes its time.
  return ask(first.method, first.path, json, first.kind === "finish" ? LONG_PATIENCE_MS : patience);
}

export function judged(error: unknown): Answer {
  if (!(error instanceof NetError)) throw error;
  if (error.status === 401) {
    csrf = "";
    return { kind: "signed-out" };
  }
  if (error.code === "csrf") {
    csrf = "";
    return { kind: "later", offline: false };
  }
  if (error.status === 0) return { kind: "later", offline: true };
  if (error.status >= 500 || AGAIN.includes(error.status)) return { kind: "later", offline: false };
  return { kind: "refused", code: error.code };
}
