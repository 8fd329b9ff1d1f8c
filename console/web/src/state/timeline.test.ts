import { describe, expect, it } from "vitest";
import type { Change, IncidentFile } from "../api/types";
import { timeline } from "./timeline";

function step(state: string, second: number): Change {
  return { state, at: `2026-11-22T01:00:${String(second).padStart(2, "0")}.000Z`, actor: "system", reason: { zh: "", en: "" } };
}

describe("timeline", () => {
  it("tells a step of incident and order once, with the officer, in order of time", () => {
    const file = {
      incident: {
        started: "2026-11-22T01:00:00.000Z",
        history: [step("detected", 5), step("dispatched", 6), step("acknowledged", 20)],
      },
      announcements: [],
      evidence: [],
      orders: [
        { officer: "officer-1", history: [step("offered", 6), step("expired", 12)] },
        { officer: "officer-2", history: [step("offered", 12), step("acknowledged", 19)] },
      ],
    } as unknown as IncidentFile;
    const told = timeline(file).map((one) =>
      one.type === "state"
        ? `${one.change.state} ${one.officer ?? ""}`.trim()
        : one.type === "order"
          ? `${one.order.officer} ${one.change.state}`
          : one.type,
    );
    expect(told).toEqual([
      "started",
      "detected",
      "dispatched officer-1",
      "officer-1 expired",
      "officer-2 offered",
      "acknowledged officer-2",
    ]);
  });

  it("puts cause before effect within a second and never changes a time", () => {
    const at = (moment: string): string => `2026-11-22T01:00:${moment}Z`;
    const file = {
      incident: {
        started: at("20.900"),
        history: [
          { ...step("detected", 0), at: at("20.400") },
          { ...step("warning", 0), at: at("20.400") },
          { ...step("complied", 0), at: at("20.450") },
          { ...step("reopened", 0), at: at("20.460") },
        ],
      },
      announcements: [{ id: "a", requested: at("20.300"), receipt: null }],
      evidence: [],
      orders: [],
    } as unknown as IncidentFile;
    const told = timeline(file);
    expect(told.map((one) => (one.type === "state" ? one.change.state : one.type))).toEqual([
      "started",
      "detected",
      "warning",
      "warning",
      "complied",
      "reopened",
    ]);
    expect(told[2]?.type).toBe("state");
    expect(told[3]?.at).toBe(at("20.300"));
  });
});
