// Lengths on the ground, for showing only; dispatch computes its own.

import type { Place } from "../api/types";

const EARTH_M = 6_371_008.8;

/** Great-circle distance (haversine), metres. */
export function metres(a: Place, b: Place): number {
  const rad = Math.PI / 180;
  const dLat = (b.lat - a.lat) * rad;
  const dLon = (b.lon - a.lon) * rad;
  const h =
    Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(h));
}
