// The map itself: created once, its marks kept in step with what is known.

import { Map as GlMap, Marker, NavigationControl, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { FeatureCollection } from "geojson";
import type { Camera, Health, Incident, OfficerNow, Place } from "../api/types";
import { say, t } from "../i18n";
import { cameraMark, groundMark, incidentMark, officerMark, paintCamera, pinMark, relabel, spotMark, turnCamera } from "./markers";
import "./marks.css";
import { drawReach } from "./reach";
import { groundLabels, groundStyle } from "./style";

setWorkerUrl(workerUrl);

/** What the map needs of a camera. */
export type Mark = Pick<Camera, "id" | "name" | "place" | "bearing_deg">;

export class TownshipMap {
  private readonly map: GlMap;
  private readonly cameras = new Map<string, Marker>();
  private readonly officers = new Map<string, Marker>();
  private readonly incidents = new Map<string, Marker>();
  private readonly spots = new Map<string, Marker>();
  private labels: [HTMLElement, { zh: string; en: string }][] = [];
  private thinning = 0;

  constructor(
    container: HTMLElement,
    centre: Place,
    ground: FeatureCollection,
    private readonly onIncident: (id: string) => void,
  ) {
    this.map = new GlMap({
      container,
      style: groundStyle(ground),
      center: [centre.lon, centre.lat],
      zoom: 14.6,
      minZoom: 10,
      maxZoom: 19,
      dragRotate: false,
      pitchWithRotate: false,
      attributionControl: false,
      fadeDuration: 0,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    for (const label of groundLabels(ground)) {
      const mark = groundMark(say(label.words), label.ground);
      this.labels.push([mark, label.words]);
      new Marker({ element: mark }).setLngLat(label.at).addTo(this.map);
    }
    this.map.on("moveend", () => this.thin());
  }

  remove(): void {
    cancelAnimationFrame(this.thinning);
    this.map.remove();
  }

  /** Show everything that has a place. */
  fit(places: Place[], padding = 130): void {
    if (places.length === 0) return;
    const lons = places.map((one) => one.lon);
    const lats = places.map((one) => one.lat);
    this.map.fitBounds(
      [
        [Math.min(...lons), Math.min(...lats)],
        [Math.max(...lons), Math.max(...lats)],
      ],
      { padding, maxZoom: 16.5, animate: false },
    );
  }

  showLabels(): void {
    for (const [mark, words] of this.labels) relabel(mark, say(words));
    this.thin();
  }

  /** Show a place that somebody told us of. */
  pin(at: Place): void {
    new Marker({ element: pinMark() }).setLngLat([at.lon, at.lat]).addTo(this.map);
  }

  /** Tell where somebody clicks; the pointer becomes a cross. */
  pick(chosen: (place: Place) => void): void {
    this.map.getCanvas().style.cursor = "crosshair";
    this.map.on("click", ({ lngLat }) => chosen({ lon: lngLat.lng, lat: lngLat.lat }));
  }

  showCameras(list: Mark[], state: (id: string) => Health["state"] | "unknown"): void {
    const placed = list.filter((one) => one.place);
    this.drop(this.cameras, placed.map((one) => one.id));
    for (const one of placed) {
      if (!one.place) continue;
      const marker = this.put(this.cameras, one.id, one.place, () =>
        cameraMark(say(one.name)),
      );
      relabel(marker.getElement(), say(one.name));
      turnCamera(marker.getElement(), one.bearing_deg);
      paintCamera(marker.getElement(), state(one.id));
    }
  }

  showOfficers(list: OfficerNow[]): void {
    for (const one of list) {
      const sign = one.call_sign || (/\d+/.exec(one.officer)?.[0] ?? "•");
      const marker = this.put(this.officers, one.officer, one.place, () => officerMark(say(one.name), sign));
      relabel(marker.getElement(), say(one.name));
      marker.getElement().dataset["status"] = one.status;
    }
    this.thin();
  }

  showIncidents(list: Incident[]): void {
    const placed = list.filter((one) => one.place);
    this.drop(this.incidents, placed.map((one) => one.id));
    for (const one of placed) {
      const near = one.place_error_m === null ? t("place.camera") : `±${Math.ceil(one.place_error_m)} m`;
      const text = `${t(`kind.${one.kind}`)} · ${t(`state.${one.state}`)} · ${near}`;
      const marker = this.put(this.incidents, one.id, one.place as Place, () => {
        const mark = incidentMark(text, one.severity);
        mark.addEventListener("click", () => this.onIncident(one.id));
        return mark;
      });
      relabel(marker.getElement(), text);
    }
    this.thin();
  }

  /** Grounds where acts came again, with how often; one may be chosen. */
  showSpots(list: { id: string; place: Place | null; text: string; count: number; chosen: boolean }[], onSpot: (id: string) => void): void {
    const placed = list.filter((one) => one.place);
    this.drop(this.spots, placed.map((one) => one.id));
    for (const one of placed) {
      const marker = this.put(this.spots, one.id, one.place as Place, () => {
        const mark = spotMark(one.text, one.count);
        mark.addEventListener("click", () => onSpot(one.id));
        return mark;
      });
      relabel(marker.getElement(), one.text);
      marker.getElement().classList.toggle("chosen", one.chosen);
    }
    this.thin();
  }

  /** Areas that are reached in so many minutes, and the cameras that are not; null hides them. */
  showReach(reach: FeatureCollection | null): void {
    const draw = (): void => drawReach(this.map, reach);
    if (this.map.isStyleLoaded()) draw();
    else void this.map.once("idle", draw);
  }

  /** Hide the ground's names that lie under a mark or another name, once the marks are drawn. */
  private thin(): void {
    cancelAnimationFrame(this.thinning);
    this.thinning = requestAnimationFrame(() => {
      const marks = [this.cameras, this.officers, this.incidents, this.spots].flatMap((some) => [...some.values()]);
      const taken = marks
        .flatMap((one) => [...one.getElement().querySelectorAll("b, span, circle, i")])
        .map((one) => one.getBoundingClientRect());
      const covered = this.labels.map(([label]) => {
        const box = label.getBoundingClientRect();
        const meets = taken.some((one) => meet(one, box));
        if (!meets) taken.push(box);
        return meets;
      });
      this.labels.forEach(([label], n) => label.classList.toggle("hidden", covered[n]));
    });
  }

  private drop(among: Map<string, Marker>, keep: string[]): void {
    for (const [id, marker] of among) {
      if (keep.includes(id)) continue;
      marker.remove();
      among.delete(id);
    }
  }

  private put(among: Map<string, Marker>, id: string, at: Place, make: () => HTMLElement): Marker {
    let marker = among.get(id);
    if (!marker) {
      marker = new Marker({ element: make() }).setLngLat([at.lon, at.lat]).addTo(this.map);
      among.set(id, marker);
    } else {
      marker.setLngLat([at.lon, at.lat]);
    }
    return marker;
  }
}

function meet(a: DOMRect, b: DOMRect): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
