// The map on the phone: the township's own ground, light, without tiles.

import { Map as GlMap, Marker, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { FeatureCollection } from "geojson";
import { DAYLIGHT, groundStyle } from "../map/style";
import type { Fix, Place } from "./types";

setWorkerUrl(workerUrl);

export class OrderMap {
  private readonly map: GlMap;
  private readonly goal: Marker;
  private self: Marker | undefined;

  constructor(container: HTMLElement, goal: Place, ground: FeatureCollection) {
    this.map = new GlMap({
      container,
      style: groundStyle(ground, DAYLIGHT),
      center: [goal.lon, goal.lat],
      zoom: 15.5,
      minZoom: 10,
      maxZoom: 19,
      dragRotate: false,
      pitchWithRotate: false,
      attributionControl: false,
      fadeDuration: 0,
    });
    this.map.touchZoomRotate.disableRotation();
    this.goal = new Marker({ element: mark("goal") }).setLngLat([goal.lon, goal.lat]).addTo(this.map);
  }

  /** The place was corrected: bring it into view, with the officer. */
  aim(fix: Fix | null, goal: Place): void {
    this.goal.setLngLat([goal.lon, goal.lat]);
    if (fix) this.frame(fix, goal);
    else this.map.setCenter([goal.lon, goal.lat]);
  }

  /** Show the officer; the first time both ends of the way come into view. */
  show(fix: Fix | null, goal: Place): void {
    if (!fix) {
      this.self?.remove();
      this.self = undefined;
      return;
    }
    if (this.self) {
      this.self.setLngLat([fix.lon, fix.lat]);
      return;
    }
    this.self = new Marker({ element: mark("self") }).setLngLat([fix.lon, fix.lat]).addTo(this.map);
    this.frame(fix, goal);
  }

  remove(): void {
    this.map.remove();
  }

  private frame(fix: Place, goal: Place): void {
    this.map.fitBounds(
      [
        [Math.min(fix.lon, goal.lon), Math.min(fix.lat, goal.lat)],
        [Math.max(fix.lon, goal.lon), Math.max(fix.lat, goal.lat)],
      ],
      { padding: 48, maxZoom: 16.5, animate: false },
    );
  }
}

function mark(kind: string): HTMLElement {
  const element = document.createElement("div");
  element.className = `field-mark ${kind}`;
  // The library moves the element by its transform; what is turned is a part of it.
  element.append(document.createElement("i"));
  return element;
}
