// Live talk: the microphone, the way to the loudspeaker, and the end of both whatever happens.

import { ref, shallowRef } from "vue";
import type { Priority, TalkState } from "../api/types";
import { session } from "./session";

const RATE = 16000;
const HELLO_MS = 10_000;

export interface Manner {
  priority: Priority;
  group: string | null;
  volume: number | null;
  reason: string;
}

export class Talk {
  readonly state = shallowRef<TalkState | null>(null);
  readonly over = ref(false);
  /** Why it could not begin: the microphone was refused, the line is gone. */
  readonly failed = ref<"" | "microphone" | "line">("");
  readonly level = ref(0);
  private socket: WebSocket | undefined;
  private audio: AudioContext | undefined;
  private stream: MediaStream | undefined;
  private node: AudioWorkletNode | undefined;
  private held = false;
  private readonly leave = (): void => this.stop();

  async begin(incident: string, manner: Manner): Promise<void> {
    window.addEventListener("pagehide", this.leave);
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
      this.audio = new AudioContext({ sampleRate: RATE });
      await this.audio.audioWorklet.addModule("/talk.js");
      await this.audio.resume();
    } catch {
      this.fail("microphone");
      return;
    }
    if (this.over.value) return this.stop();
    this.connect(incident, manner);
  }

  /** The key is down: the microphone is heard. */
  hold(down: boolean): void {
    this.held = down;
    if (!down) this.level.value = 0;
    this.node?.port.postMessage(down);
  }

  /** Say the end; what the loudspeaker made of it is still told. */
  end(): void {
    this.hold(false);
    this.quiet();
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ end: true }));
    else this.stop();
  }

  /** Close everything now. */
  stop(): void {
    window.removeEventListener("pagehide", this.leave);
    this.quiet();
    this.socket?.close();
    this.socket = undefined;
    this.over.value = true;
  }

  private connect(incident: string, manner: Manner): void {
    const where = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;
    const socket = new WebSocket(`${where}/api/v1/incidents/${encodeURIComponent(incident)}/talk`);
    this.socket = socket;
    const patience = window.setTimeout(() => this.fail("line"), HELLO_MS);
    socket.onopen = () => socket.send(JSON.stringify({ csrf: session.value?.csrf ?? "", ...manner }));
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      window.clearTimeout(patience);
      const state = JSON.parse(data) as TalkState;
      this.state.value = state;
      if (state.problem || state.phase === "over") this.stop();
      else if (!this.node) this.listen(socket);
    };
    socket.onclose = () => {
      window.clearTimeout(patience);
      if (!this.over.value) this.fail("line");
    };
  }

  private listen(socket: WebSocket): void {
    if (!this.audio || !this.stream) return;
    const node = new AudioWorkletNode(this.audio, "talk", { numberOfOutputs: 0, channelCount: 1 });
    this.node = node;
    node.port.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(data);
      if (this.held) this.level.value = Math.max(loudness(data), this.level.value * 0.9);
    };
    node.port.postMessage(this.held);
    this.audio.createMediaStreamSource(this.stream).connect(node);
  }

  private quiet(): void {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.node?.disconnect();
    void this.audio?.close().catch(() => undefined);
    this.stream = this.audio = this.node = undefined;
  }

  private fail(why: "microphone" | "line"): void {
    this.failed.value = why;
    this.stop();
  }
}

/** 0..1 of a piece of sound. */
export function loudness(data: ArrayBuffer): number {
  let most = 0;
  for (const one of new Int16Array(data)) most = Math.max(most, Math.abs(one));
  return most / 32768;
}
