// The ground of the map: one GeoJSON file of our own, no tiles, glyphs or sprites from anywhere.

import type { StyleSpecification } from "maplibre-gl";
import type { FeatureCollection, Position } from "geojson";
import type { Words } from "../api/types";

export interface GroundLabel {
  at: [number, number];
  words: Words;
  ground: string;
}

export interface Palette {
  land: string;
  field: string;
  green: string;
  water: string;
  edge: string;
  road: string;
  building: string;
}

/** For the room, which is dim. */
export const ROOM: Palette = {
  land: "#10171d",
  field: "#18221d",
  green: "#16281f",
  water: "#14303f",
  edge: "#0b1015",
  road: "#34424e",
  building: "#25303a",
};

/** For a phone in the sun. */
export const DAYLIGHT: Palette = {
  land: "#f6f4ee",
  field: "#e9efd6",
  green: "#cfe6c4",
  water: "#a9d3f0",
  edge: "#8a8f94",
  road: "#ffffff",
  building: "#cfc8bd",
};

export function groundStyle(ground: FeatureCollection, palette: Palette = ROOM): StyleSpecification {
  const is = (name: string): ["==", ["get", string], string] => ["==", ["get", "class"], name];
  return {
    version: 8,
    sources: { ground: { type: "geojson", data: ground } },
    layers: [
      { id: "land", type: "background", paint: { "background-color": palette.land } },
      fill("field", palette.field, 1),
      fill("green", palette.green, 1),
      fill("water", palette.water, 1),
      {
        id: "road-edge",
        type: "line",
        source: "ground",
        filter: is("road"),
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": palette.edge, "line-width": roadWidth(2.5) },
      },
      {
        id: "road",
        type: "line",
        source: "ground",
        filter: is("road"),
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": palette.road, "line-width": roadWidth(0) },
      },
      fill("building", palette.building, 1),
    ],
  };

  function fill(name: string, colour: string, opacity: number): StyleSpecification["layers"][number] {
    return {
      id: name,
      type: "fill",
      source: "ground",
      filter: is(name),
      paint: { "fill-color": colour, "fill-opacity": opacity },
    };
  }
}

function roadWidth(more: number): ["interpolate", ["linear"], ["zoom"], ...number[]] {
  return ["interpolate", ["linear"], ["zoom"], 12, 1.5 + more, 15, 5 + more, 18, 16 + more];
}

/** Where the names of named features stand. */
export function groundLabels(ground: FeatureCollection): GroundLabel[] {
  const labels: GroundLabel[] = [];
  for (const feature of ground.features) {
    const words = feature.properties?.["name"] as Words | undefined;
    const at = words?.zh ? anchor(feature.geometry as { type: string; coordinates?: unknown }) : null;
    if (words && at) labels.push({ at, words, ground: String(feature.properties?.["class"] ?? "") });
  }
  return labels;
}

function anchor(geometry: { type: string; coordinates?: unknown }): [number, number] | null {
  const points = (geometry.coordinates as unknown[] | undefined)?.flat(Infinity) as number[] | undefined;
  if (!points?.length) return null;
  const pairs: Position[] = [];
  for (let n = 0; n + 1 < points.length; n += 2) pairs.push([points[n] as number, points[n + 1] as number]);
  if (geometry.type === "LineString") {
    // On the line itself, not at its ends, bends or middle: there it crosses others.
    const n = longest(pairs);
    const at = between(pairs[n], pairs[n + 1], 0.3);
    return at ? [at[0] as number, at[1] as number] : null;
  }
  const middle = (axis: 0 | 1): number =>
    pairs.reduce((sum, pair) => sum + (pair[axis] as number), 0) / pairs.length;
  return [middle(0), middle(1)];
}

/** Where the longest stretch of a line begins. */
function longest(line: Position[]): number {
  const lengths = line.slice(1).map((to, n) => Math.hypot(...[0, 1].map((axis) => (to[axis] as number) - (line[n]?.[axis] as number))));
  return lengths.indexOf(Math.max(...lengths));
}

function between(a: Position | undefined, b: Position | undefined, share: number): Position | undefined {
  if (!a || !b) return undefined;
  return [0, 1].map((axis) => (a[axis] as number) * (1 - share) + (b[axis] as number) * share);
}
