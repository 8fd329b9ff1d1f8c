import { describe, expect, it } from "vitest";
import { draftOf, emptyForm, formOf, formOfProbed, freeId } from "./form";
import type { CameraFacts, Probed } from "./roster";

const facts: CameraFacts = {
  id: "gate", name: { zh: "北门", en: "North gate" }, enabled: true, place: { lon: 120.6, lat: 30.4 },
  bearing_deg: 90, speaker: false, main: "rtsp://10.0.0.9/pwd=***", sub: null, transport: "tcp",
  onvif: null, username: "admin", recorder: null, analyst: null,
};

const probed: Probed = {
  address: "http://192.168.1.64:8000/onvif/device_service", onvif: "192.168.1.64:8000", manufacturer: "",
  model: "", firmware: "", serial: "", snapshot: false, steerable: false, speaker: true,
  clock_offset_s: null, sign_in: "", problems: [],
  streams: [
    { role: "sub", url: "rtsp://192.168.1.64/2", codec: "h264", width: 640, height: 360, fps: 15, audio: "" },
    { role: "main", url: "rtsp://192.168.1.64/1", codec: "h265", width: 2560, height: 1440, fps: 25, audio: "" },
  ],
};

describe("what goes to the console", () => {
  it("is nothing when nothing was changed", () => {
    expect(draftOf(formOf(facts), formOf(facts))).toEqual({});
  });

  it("is what was changed, and no more", () => {
    const form = { ...formOf(facts), enabled: false, bearing: 100 as const, lat: 30.5 as const };
    expect(draftOf(form, formOf(facts))).toEqual({
      enabled: false, bearing_deg: 100, place: { lon: 120.6, lat: 30.5 },
    });
  });

  it("has a password only together with its user name", () => {
    expect(draftOf({ ...formOf(facts), password: "typed" }, formOf(facts))).toEqual({});
    const both = { ...formOf(facts), username: "admin", password: "typed" };
    expect(draftOf(both, formOf(facts))).toEqual({ username: "admin", password: "typed" });
  });

  it("is everything of a new camera; one name serves both languages", () => {
    const form = { ...formOfProbed(probed, []), zh: " 北门 " };
    expect(draftOf(form)).toEqual({
      name: { zh: "北门", en: "北门" }, main: "rtsp://192.168.1.64/1", sub: "rtsp://192.168.1.64/2",
      onvif: "192.168.1.64:8000", bearing_deg: 0, speaker: true,
    });
    expect(draftOf({ ...emptyForm(), bearing: "" })).toEqual({});
  });
});

describe("an id for a camera", () => {
  it("comes from its address and is nobody else's", () => {
    expect(freeId(probed.address, [])).toBe("cam-192-168-1-64");
    expect(freeId("Gate.Lan", ["cam-gate-lan", "cam-gate-lan-2"])).toBe("cam-gate-lan-3");
    expect(freeId("rtsp://[fd00::1]:554/1", [])).toMatch(/^[a-z0-9][a-z0-9_-]{0,62}$/);
    expect(freeId("", [])).toBe("cam-1");
  });
});
