// How far officers get in time, drawn over the ground and under the marks.

import type { GeoJSONSource, Map as GlMap } from "maplibre-gl";
import type { Feature, FeatureCollection } from "geojson";

export interface Reach extends FeatureCollection {
  reckoned: "road" | "line";
  circle: number;
  at: string;
}

export interface Missed {
  id: string;
  minutes: number | null;
}

const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };
export const COLOURS: Record<number, string> = { 5: "#3fb68b", 10: "#d9b44a", 15: "#d9804a" };

export function drawReach(map: GlMap, reach: FeatureCollection | null): void {
  const data: FeatureCollection = {
    type: "FeatureCollection",
    // The widest first, so that the nearer ones are drawn over it.
    features: (reach ?? EMPTY).features
      .filter((one) => one.geometry.type !== "Point")
      .sort((a, b) => Number(b.properties?.["minutes"]) - Number(a.properties?.["minutes"])),
  };
  const source = map.getSource("reach") as GeoJSONSource | undefined;
  if (source) {
    source.setData(data);
    return;
  }
  if (!reach) return;
  map.addSource("reach", { type: "geojson", data });
  const colour = ["match", ["get", "minutes"], ...Object.entries(COLOURS).flatMap(([n, one]) => [Number(n), one]), "#888"];
  map.addLayer({
    id: "reach",
    type: "fill",
    source: "reach",
    paint: { "fill-color": colour as never, "fill-opacity": 0.16 },
  });
  map.addLayer({
    id: "reach-edge",
    type: "line",
    source: "reach",
    paint: { "line-color": colour as never, "line-width": 1.5, "line-opacity": 0.8 },
  });
}

/** The cameras that nobody reaches in time, the farthest first. */
export function missed(reach: FeatureCollection): Missed[] {
  return reach.features
    .filter((one: Feature) => one.properties?.["class"] === "camera" && !one.properties["reached"])
    .map((one) => ({ id: String(one.properties?.["id"]), minutes: one.properties?.["minutes"] as number | null }))
    .sort((a, b) => (b.minutes ?? Infinity) - (a.minutes ?? Infinity) || a.id.localeCompare(b.id));
}
