// The duty desk's addresses; see console/api/duty_models.py.

import { api } from "./http";
import type { Words } from "./types";

export type TaskKind = "sign_on" | "patrol" | "awake";
export type TaskState = "due" | "told" | "escalated" | "done";
export type Side = "leaving" | "coming";
export const categories = [
  "incident",
  "warning",
  "order",
  "evidence",
  "camera",
  "storage",
  "duty",
  "note",
  "people",
] as const;
export type Category = (typeof categories)[number];
export const sections = ["done", "open", "equipment", "instructions"] as const;
export type HandoverWords = Record<(typeof sections)[number], string>;

export interface Planned {
  id: string;
  shift: string;
  name: Words;
  start: string;
  end: string;
  people: string[];
  chief: string | null;
}

export interface Turn {
  id: string;
  plan: Planned;
  state: string;
  began: string;
  ended: string | null;
  present: { user: string; on: string; off: string | null; rostered: boolean }[];
}

export interface Task {
  id: string;
  kind: TaskKind;
  what: string;
  name: Words;
  ask: Words;
  cameras: string[];
  due: string;
  limit: string;
  state: TaskState;
  chief: string | null;
  told: string | null;
  escalated: string | null;
  done: string | null;
  done_by: string | null;
  remark: string;
}

export interface Handover {
  id: string;
  made: string;
  next_turn: Planned | null;
  words: HandoverWords;
  revision: number;
  edited_by: string | null;
  signatures: { side: Side; user: string; at: string; sha256: string }[];
  signed: string | null;
}

export interface Channel {
  id: string;
  kind: string;
  enabled: boolean;
  last_ok: string | null;
  failing_since: string | null;
  error: string;
  delivered: number;
  expired: number;
  waiting: number;
  oldest: string | null;
}

export interface Duty {
  now: string;
  planned_shifts: boolean;
  turn: Turn | null;
  planned: Planned | null;
  next: Planned | null;
  tasks: Task[];
  handover: Handover | null;
  missing: Words[];
  channels: Channel[];
}

export interface Mine {
  on_duty: boolean;
  awake: Task[];
  overdue: Task[];
}

export interface LogLine {
  seq: number;
  at: string;
  category: Category;
  actor: string;
  text: Words;
  object: string;
  incident: string | null;
  serious: boolean;
  corrects: number | null;
  corrected_by: number[];
}

export interface Log {
  items: LogLine[];
  next: number | null;
}

export const loadDuty = () => api<Duty>("GET", "/duty");
export const loadMine = () => api<Mine>("GET", "/duty/mine");
export const signOn = () => api<Turn>("POST", "/duty/sign-on");
export const signOff = () => api<Turn>("POST", "/duty/sign-off");
export const doTask = (id: string, remark = "") =>
  api<Task>("POST", `/duty/tasks/${id.split("/").map(encodeURIComponent).join("/")}/done`, { remark });
export const loadLog = (query: URLSearchParams) => api<Log>("GET", `/duty/log?${query}`);
export const writeNote = (text: string, corrects: number | null) =>
  api<LogLine>("POST", "/duty/notes", { text, corrects });
export const prepare = () => api<Handover>("POST", "/duty/handover");
export const recompose = () => api<Handover>("POST", "/duty/handover/recompose");
export const edit = (revision: number, words: HandoverWords) =>
  api<Handover>("PUT", "/duty/handover", { revision, words });
export const sign = (side: Side, name: string, password: string, revision: number) =>
  api<Handover>("POST", "/duty/handover/sign", { side, name, password, revision });
