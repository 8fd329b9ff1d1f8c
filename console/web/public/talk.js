// Runs where the sound is: hands out 20 ms of signed 16 bit samples at a time.
class Talk extends AudioWorkletProcessor {
  constructor() {
    super();
    this.held = new Int16Array(320);
    this.filled = 0;
    this.open = false;
    this.port.onmessage = ({ data }) => (this.open = data === true);
  }

  process([input]) {
    const channel = input[0];
    const count = channel ? channel.length : 128;
    for (let n = 0; n < count; n++) {
      // With the key up silence goes out: the channel stays open, the room is not heard.
      const sample = this.open && channel ? Math.max(-1, Math.min(1, channel[n])) : 0;
      this.held[this.filled++] = Math.round(sample * 32767);
      if (this.filled === this.held.length) {
        this.port.postMessage(this.held.slice().buffer);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("talk", Talk);
