// Figures of supervision, as the console gives them. null: unknown.

import type { Words } from "./types";

export const STEPS = ["acknowledge", "arrive", "handle", "close"] as const;
export const GROUPINGS = ["zone", "camera", "kind", "shift", "day", "week", "month"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface StepFigures {
  reached: number;
  in_time: number;
  late: number;
  median_s: number | null;
}

export interface GroupFigures {
  key: string;
  name: Words;
  incidents: number;
  ended: number;
  ended_seen: number;
  dismissed: number;
  false_alarm_rate: number | null;
  transferred: number;
  warned: number;
  complied: number;
  complied_in_time: number;
  ended_unseen: number;
  hours_over: number;
  stayed: number;
  compliance_unknown: number;
  compliance_rate: number | null;
  unseen_share: number | null;
  comply_median_s: number | null;
  steps: Record<(typeof STEPS)[number], StepFigures>;
  overdue: number;
  warnings_said: number;
  heard: number;
  not_heard: number;
  hearing_unknown: number;
  audibility: number | null;
}

export interface Report {
  first: string;
  last: string;
  by: Grouping;
  limits: Record<"complied_s" | `${(typeof STEPS)[number]}_s`, number>;
  whole: GroupFigures;
  groups: GroupFigures[];
  accesses: { action: string; deed: Words; times: number; people: number }[];
}
