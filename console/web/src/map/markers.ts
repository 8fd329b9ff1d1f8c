// Things on the map as small HTML elements, so that no glyphs have to be fetched.

import type { Health, Severity } from "../api/types";

const SVG = "http://www.w3.org/2000/svg";

function element(kind: string, text: string): HTMLElement {
  const root = document.createElement("div");
  root.className = `mark ${kind}`;
  const label = document.createElement("span");
  label.textContent = text;
  root.append(label);
  return root;
}

export function relabel(root: HTMLElement, text: string): void {
  const label = root.querySelector("span");
  if (label && label.textContent !== text) label.textContent = text;
}

/** A dot with a wedge that shows where the camera looks (degrees from north). */
export function cameraMark(text: string): HTMLElement {
  const root = element("camera", text);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-50 -50 100 100");
  const wedge = document.createElementNS(SVG, "path");
  wedge.setAttribute("d", "M0 0 L-26 -42 A49 49 0 0 1 26 -42 Z");
  const dot = document.createElementNS(SVG, "circle");
  dot.setAttribute("r", "6.5");
  svg.append(wedge, dot);
  root.prepend(svg);
  return root;
}

export function turnCamera(root: HTMLElement, bearing: number): void {
  root.querySelector("path")?.setAttribute("transform", `rotate(${bearing})`);
}

export function paintCamera(root: HTMLElement, state: Health["state"] | "unknown"): void {
  root.dataset["state"] = state;
}

export function officerMark(text: string, sign: string): HTMLElement {
  const root = element("officer", text);
  const badge = document.createElement("b");
  badge.textContent = sign;
  root.prepend(badge);
  return root;
}

export function incidentMark(text: string, severity: Severity): HTMLElement {
  const root = element(`incident ${severity}`, text);
  root.prepend(document.createElement("i"));
  return root;
}

/** A place that somebody told us of, with the circle that it is right within. */
export function pinMark(): HTMLElement {
  const root = element("pin", "");
  root.prepend(document.createElement("i"));
  return root;
}

/** How often acts came again on a ground. */
export function spotMark(text: string, count: number): HTMLElement {
  const root = element("spot", text);
  const badge = document.createElement("b");
  badge.textContent = String(count);
  root.prepend(badge);
  return root;
}

export function groundMark(text: string, ground: string): HTMLElement {
  return element(`ground on-${ground}`, text);
}
