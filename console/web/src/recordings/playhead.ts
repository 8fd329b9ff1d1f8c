// One moment for several videos: the playhead goes by the wall clock, and every video follows it.
// It waits while a camera that was recorded at that moment has no picture yet; where a camera was
// not recorded the others go on without it.

import { type Day, at, nextRecorded } from "./day";

/** As much of a video element as is needed here. */
export interface Film {
  /** UTC of media time 0 in milliseconds; null until the playlist has come. */
  zero: number | null;
  /** The pictures of this moment can be shown. */
  ready: boolean;
  /** Given up: what went wrong is shown in its place. */
  failed: boolean;
  position: number;
  play(rate: number): void;
  pause(): void;
  seek(position: number): void;
}

const FAR_S = 0.35;
const PULL = 0.4;
const PULL_MOST = 0.15;
/** A camera that has no picture for so long does not hold up the others any more. */
const PATIENCE_MS = 6000;

export class Playhead {
  moment = 0;
  rate = 1;
  playing = false;
  private waited = 0;

  /** Let time pass and put every video where it belongs. Returns the cameras that are waited for. */
  tick(passed: number, films: ReadonlyMap<string, Film>, days: readonly Day[]): string[] {
    const shown = days.filter((day) => at(day.recorded, this.moment));
    const waiting = shown.filter((day) => {
      const film = films.get(day.camera);
      return film && !film.failed && !film.ready;
    });
    this.waited = waiting.length ? this.waited + passed : 0;
    if (this.playing && (!waiting.length || this.waited > PATIENCE_MS)) {
      this.moment += passed * this.rate;
      // Nobody was recorded: go where there is something to see.
      if (!days.some((day) => at(day.recorded, this.moment))) {
        const next = nextRecorded(days, this.moment);
        if (next === null) this.playing = false;
        else this.moment = next;
      }
    }
    for (const day of days) {
      const film = films.get(day.camera);
      if (film) this.place(film, at(day.recorded, this.moment) !== undefined);
    }
    return waiting.map((day) => day.camera);
  }

  private place(film: Film, recorded: boolean): void {
    if (film.zero === null) return;
    if (!recorded) {
      film.pause();
      return;
    }
    const away = film.position - (this.moment - film.zero) / 1000;
    if (Math.abs(away) > FAR_S * Math.max(1, this.rate)) film.seek((this.moment - film.zero) / 1000);
    if (!this.playing) film.pause();
    else film.play(this.rate * (1 - Math.max(-PULL_MOST, Math.min(PULL_MOST, away * PULL))));
  }
}
