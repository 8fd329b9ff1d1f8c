// One way to ask the console for something.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly retryAfterS: number,
  ) {
    super(`${status} ${code} ${detail}`);
  }
}

let csrf = "";
let onSignedOut = (): void => {};

export function useToken(token: string): void {
  csrf = token;
}

export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

export function signedOut(): void {
  csrf = "";
  onSignedOut();
}

export async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await ask(method, path, body);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

/** A picture or another file. */
export async function file(path: string): Promise<Blob> {
  return (await ask("GET", path)).blob();
}

/** The whole answer; a body that is a file goes as it is. */
export async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json" };
  const whole = body instanceof Blob;
  if (body !== undefined) headers["content-type"] = whole ? "application/octet-stream" : "application/json";
  if (method !== "GET" && csrf) headers["x-csrf-token"] = csrf;
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : whole ? body : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    throw new ApiError(0, "unreachable", "", 0);
  }
  if (!response.ok) throw await problem(response);
  return response;
}

async function problem(response: Response): Promise<ApiError> {
  let type = "";
  let detail = "";
  try {
    const content = (await response.json()) as { type?: string; detail?: string };
    type = content.type ?? "";
    detail = content.detail ?? "";
  } catch {
    // A proxy between us and the console answers in its own words; the status is enough.
  }
  const code = type.split(":").pop() || "unknown";
  if (code === "sign-in") signedOut();
  return new ApiError(response.status, code, detail, Number(response.headers.get("retry-after") ?? 0));
}
