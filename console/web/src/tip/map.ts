// The map to put the pin on: it is moved under a pin that stands still, which one thumb can do.

import { Map as GlMap, Marker, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { FeatureCollection } from "geojson";
import { DAYLIGHT, groundLabels, groundStyle } from "../map/style";
import type { Language, Place } from "./types";

setWorkerUrl(workerUrl);

/** A finger is about so wide; nobody puts a pin more exactly. */
const FINGER_PX = 24;
const EQUATOR_M = 40_075_017;

export class PinMap {
  private readonly map: GlMap;

  constructor(
    container: HTMLElement,
    at: Place,
    zoom: number,
    ground: FeatureCollection,
    language: Language,
    moved: (place: Place, accuracyM: number) => void,
  ) {
    this.map = new GlMap({
      container,
      style: groundStyle(ground, DAYLIGHT),
      center: [at.lon, at.lat],
      zoom,
      minZoom: 10,
      maxZoom: 19,
      dragRotate: false,
      pitchWithRotate: false,
      attributionControl: false,
      fadeDuration: 0,
    });
    this.map.touchZoomRotate.disableRotation();
    for (const label of groundLabels(ground)) {
      const name = document.createElement("span");
      name.className = "tip-name";
      name.textContent = label.words[language];
      new Marker({ element: name }).setLngLat(label.at).addTo(this.map);
    }
    this.map.on("click", ({ lngLat, originalEvent }) =>
      this.map.easeTo({ center: lngLat, duration: 200 }, { originalEvent }),
    );
    // Only what a person moved is a pin; flying to the phone's place is none.
    this.map.on("moveend", (event) => {
      if (!("originalEvent" in event) || !event.originalEvent) return;
      const { lng, lat } = this.map.getCenter();
      moved({ lon: lng, lat }, Math.max(5, FINGER_PX * this.metresPerPixel(lat)));
    });
  }

  fly(to: Place): void {
    this.map.jumpTo({ center: [to.lon, to.lat], zoom: Math.max(this.map.getZoom(), 16) });
  }

  remove(): void {
    this.map.remove();
  }

  /** Web Mercator with tiles of 512 px. */
  private metresPerPixel(lat: number): number {
    return (EQUATOR_M * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** this.map.getZoom());
  }
}
