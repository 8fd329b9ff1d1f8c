// Keyboard triage: j/k select, Enter opens, c x w d act.

import { onBeforeUnmount, onMounted, ref, type Ref, watch } from "vue";
import { useRouter } from "vue-router";
import type { Action, Incident } from "../api/types";
import { ask, question } from "./actions";
import { mayCommand } from "./session";

const actions: Record<string, Action> = { c: "confirm", x: "dismiss", w: "warn", d: "dispatch" };

export const triageKeys: [string, Action][] = Object.entries(actions);

export function useTriage(list: Ref<Incident[]>): { selected: Ref<string | null> } {
  const router = useRouter();
  const selected = ref<string | null>(null);

  // An incident that leaves the list hands the selection to its neighbour.
  watch(list, (now, before) => {
    if (!selected.value || now.some((one) => one.id === selected.value)) return;
    const at = before.findIndex((one) => one.id === selected.value);
    selected.value = now[Math.min(at, now.length - 1)]?.id ?? null;
  });

  function move(step: number): void {
    const items = list.value;
    if (items.length === 0) return;
    const at = items.findIndex((one) => one.id === selected.value);
    const next = at < 0 ? (step > 0 ? 0 : items.length - 1) : at + step;
    selected.value = items[Math.max(0, Math.min(items.length - 1, next))]?.id ?? null;
  }

  function onKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (question.value || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|TEXTAREA|SELECT|BUTTON|A|VIDEO)$/.test(target.tagName) && event.key === "Enter") return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "arrowdown") move(1);
    else if (key === "k" || key === "arrowup") move(-1);
    else {
      const one = list.value.find((item) => item.id === selected.value);
      const action = actions[key];
      if (!one) return;
      if (event.key === "Enter") void router.push(`/incidents/${encodeURIComponent(one.id)}`);
      else if (action && mayCommand.value) ask(one, action);
      else return;
    }
    event.preventDefault();
  }

  onMounted(() => window.addEventListener("keydown", onKey));
  onBeforeUnmount(() => window.removeEventListener("keydown", onKey));
  return { selected };
}
