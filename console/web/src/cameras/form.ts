// What is typed about a camera, and what of it goes to the console: only what is new.

import type { CameraDraft, CameraFacts, Probed, Transport } from "./roster";

export interface Form {
  id: string;
  zh: string;
  en: string;
  enabled: boolean;
  main: string;
  sub: string;
  transport: Transport;
  onvif: string;
  lon: number | "";
  lat: number | "";
  bearing: number | "";
  speaker: boolean;
  username: string;
  password: string;
}

export function emptyForm(): Form {
  return {
    id: "", zh: "", en: "", enabled: true, main: "", sub: "", transport: "tcp", onvif: "",
    lon: "", lat: "", bearing: 0, speaker: false, username: "", password: "",
  };
}

export function formOf(facts: CameraFacts): Form {
  return {
    ...emptyForm(),
    id: facts.id,
    zh: facts.name.zh,
    en: facts.name.en,
    enabled: facts.enabled,
    main: facts.main ?? "",
    sub: facts.sub ?? "",
    transport: facts.transport ?? "tcp",
    onvif: facts.onvif ?? "",
    lon: facts.place?.lon ?? "",
    lat: facts.place?.lat ?? "",
    bearing: facts.bearing_deg,
    speaker: facts.speaker,
  };
}

/** A camera that was probed: its streams, and an id of its address that nobody has yet. */
export function formOfProbed(probed: Probed, taken: string[]): Form {
  const stream = (role: string): string => probed.streams.find((one) => one.role === role)?.url ?? "";
  return {
    ...emptyForm(),
    id: freeId(probed.address, taken),
    main: stream("main") || (probed.streams[0]?.url ?? ""),
    sub: stream("sub"),
    onvif: probed.onvif ?? "",
    speaker: probed.speaker,
  };
}

/** cam-192-168-1-64, cam-192-168-1-64-2. */
export function freeId(address: string, taken: string[]): string {
  const host = address.replace(/^\w+:\/\//, "").split(/[/?#]/)[0] ?? "";
  const plain = host.replace(/:\d+$/, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const id = `cam-${plain || "1"}`.slice(0, 58);
  if (!taken.includes(id)) return id;
  for (let n = 2; ; n += 1) if (!taken.includes(`${id}-${n}`)) return `${id}-${n}`;
}

/** What differs from what is known; all that was filled in when nothing is. */
export function draftOf(form: Form, known: Form = { ...emptyForm(), bearing: "" }): CameraDraft {
  const draft: CameraDraft = {};
  const zh = form.zh.trim();
  const en = form.en.trim() || zh;
  if (zh !== known.zh || en !== known.en) draft.name = { zh, en };
  if (form.enabled !== known.enabled) draft.enabled = form.enabled;
  if (form.speaker !== known.speaker) draft.speaker = form.speaker;
  if (form.transport !== known.transport) draft.transport = form.transport;
  for (const field of ["main", "sub", "onvif"] as const) {
    const text = form[field].trim();
    if (text && text !== known[field]) draft[field] = text;
  }
  if (form.lon !== "" && form.lat !== "" && (form.lon !== known.lon || form.lat !== known.lat)) {
    draft.place = { lon: form.lon, lat: form.lat };
  }
  if (form.bearing !== "" && form.bearing !== known.bearing) draft.bearing_deg = form.bearing;
  if (form.username.trim()) {
    draft.username = form.username.trim();
    draft.password = form.password;
  }
  return draft;
}
