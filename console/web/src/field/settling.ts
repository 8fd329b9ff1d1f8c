// What the officer said counts at once, although the desk takes a moment to take it in: an answer
// that was on its way before must not offer the same button again, nor switch the place on again.

import type { OrderState } from "./types";

const SETTLING_MS = 30_000;
const COURSE: OrderState[] = ["offered", "acknowledged", "en_route", "on_scene", "handled"];

/** What was delivered a moment ago. */
export class Settling {
  private dutySaid: { on: boolean; until: number } | undefined;
  private readonly orders = new Map<string, { did: OrderState; until: number }>();

  constructor(private readonly now: () => number = Date.now) {}

  sayDuty(on: boolean): void {
    this.dutySaid = { on, until: this.now() + SETTLING_MS };
  }

  /** Asking for support leaves an order where it is. */
  sayOrder(order: string, did: OrderState | "support"): void {
    if (did !== "support") this.orders.set(order, { did, until: this.now() + SETTLING_MS });
  }

  /** On duty or not, as the server says unless the officer has just said otherwise. */
  duty(server: boolean): boolean {
    return this.dutySaid && this.now() < this.dutySaid.until ? this.dutySaid.on : server;
  }

  /** An open order's state with what was delivered and what waits. */
  order(id: string, server: OrderState, waiting: OrderState[]): OrderState {
    const settled = this.orders.get(id);
    const delivered = settled && this.now() < settled.until ? [settled.did] : [];
    return [...delivered, ...waiting].reduce(further, server);
  }
}

/** The later of two states; an order given back stays given back. */
function further(known: OrderState, said: OrderState): OrderState {
  if (said === "returned" || known === "returned") return "returned";
  return COURSE.indexOf(said) > COURSE.indexOf(known) ? said : known;
}
