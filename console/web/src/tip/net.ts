// The one way to the server: no cookie, nothing that names the person.

import type { Received } from "./types";

const API = "/api/v1/tip";
const PATIENCE_MS = 30_000;
const PHOTO_PATIENCE_MS = 120_000;

export class TipError extends Error {
  constructor(
    /** 0: nobody could be reached. */
    readonly status: number,
    readonly code: string,
    readonly waitS: number,
  ) {
    super(`${status} ${code}`);
  }

  /** Sending the same again later may work. */
  get later(): boolean {
    return this.status === 0 || this.status === 428 || this.status === 429 || (this.status >= 500 && this.code !== "no-room");
  }
}

export async function ask<T>(method: string, path: string, json?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (json !== undefined) headers["content-type"] = "application/json";
  return request<T>(method, path, headers, json === undefined ? undefined : JSON.stringify(json), PATIENCE_MS);
}

export function sendPhoto(token: string, number: number, photo: Blob): Promise<Received> {
  const headers = { accept: "application/json", "content-type": "application/octet-stream", "x-tip-token": token };
  return request<Received>("PUT", `/photos/${number}`, headers, photo, PHOTO_PATIENCE_MS);
}

async function request<T>(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: BodyInit | undefined,
  patienceMs: number,
): Promise<T> {
  let response: Response;
  try {
    const signal = AbortSignal.timeout(patienceMs);
    response = await fetch(API + path, { method, headers, body, signal, credentials: "omit" });
  } catch {
    throw new TipError(0, "unreachable", 0);
  }
  if (response.ok) return (await response.json()) as T;
  let code = "unknown";
  try {
    code = ((await response.json()) as { type?: string }).type?.split(":").pop() ?? code;
  } catch {
    // A proxy answers in its own words; the status is enough.
  }
  throw new TipError(response.status, code, Number(response.headers.get("retry-after") ?? 0));
}
