// One thing at a time in a dialog: busy while it runs, and in plain words what went wrong.

import { type Ref, ref } from "vue";
import { problemText } from "../state/notices";

export interface Attempts {
  busy: Ref<boolean>;
  problem: Ref<string>;
  attempt: (work: () => Promise<void>) => Promise<void>;
}

export function useAttempts(): Attempts {
  const busy = ref(false);
  const problem = ref("");

  async function attempt(work: () => Promise<void>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    problem.value = "";
    try {
      await work();
    } catch (error) {
      problem.value = problemText(error);
    } finally {
      busy.value = false;
    }
  }

  return { busy, problem, attempt };
}
