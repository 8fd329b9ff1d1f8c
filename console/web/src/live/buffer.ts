// What a live player does with its buffer, as a pure function so that it can be tested.

export interface Span {
  start: number;
  end: number;
}

export interface Plan {
  /** Move the play head here. */
  seekTo?: number;
  /** Forget what lies before this moment. */
  removeBefore?: number;
  /** Play at this speed. */
  rate: number;
}

export interface Pace {
  /** Farther behind than this: jump to the live edge. */
  jump_s: number;
  /** Where a jump lands, behind the newest picture: less stutters, more is late. */
  edge_s: number;
  /** Behind this the player runs a little faster until it is near the edge again. */
  hurry_s: number;
}

/** A camera sends every picture by itself. */
export const CAMERA: Pace = { jump_s: 2, edge_s: 0.6, hurry_s: 1.2 };
/** A phone sends a second at a time, when the network lets it. */
export const PHONE: Pace = { jump_s: 8, edge_s: 1.6, hurry_s: 3 };
/** Played pictures kept in memory, and the slack before they are removed. */
export const KEEP_S = 6;
export const SLACK_S = 10;

/**
 * Decide from what is buffered and where the play head stands.
 *
 * The head may stand before the first span (a stream rarely starts at 0) or in a hole (the server
 * skipped to a key frame for a slow line); both would wait for ever without a seek.
 */
export function plan(spans: Span[], head: number, rate: number, pace: Pace = CAMERA): Plan {
  const last = spans[spans.length - 1];
  const first = spans[0];
  if (!first || !last) return { rate: 1 };
  const decided: Plan = { rate: 1 };
  const edge = Math.max(last.start, last.end - pace.edge_s);
  const current = spans.find((span) => head >= span.start - 0.05 && head < span.end);
  const behind = last.end - head;
  const atHole = head >= last.end ? false : current === undefined;
  // Past the newest picture by more than a moment: timestamps have started over.
  if (atHole || behind > pace.jump_s || head > last.end + pace.jump_s) decided.seekTo = edge;
  else if (behind > pace.hurry_s || (rate > 1 && behind > pace.edge_s)) decided.rate = 1.08;
  const at = decided.seekTo ?? head;
  if (at - first.start > KEEP_S + SLACK_S) decided.removeBefore = at - KEEP_S;
  return decided;
}

export function spansOf(ranges: TimeRanges): Span[] {
  return Array.from({ length: ranges.length }, (_, n) => ({
    start: ranges.start(n),
    end: ranges.end(n),
  }));
}

/** Seconds to wait before connecting again: doubling to 15 s, with jitter so that not all
 * players of a wall come back in the same moment. */
export function retryDelay(failures: number, random: number): number {
  return Math.min(15, 0.5 * 2 ** Math.min(failures, 6)) * (0.5 + random / 2);
}
