// What is heard, from a ring buffer: it begins to play once it holds a little, so that packets may be
// a little late, and throws away what it holds too much of, so that nobody hears the past.

const TARGET = 2880; // 60 ms at 48 kHz
const MOST = 11520; // 240 ms
const SIZE = 1 << 16;
const PATIENCE = 0.06; // seconds until a short sound is played that never fills the target
const RAMP = 96; // 2 ms: no click where sound begins or ends in the middle

class Loudspeaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Float32Array(SIZE);
    this.read = 0;
    this.held = 0;
    this.playing = false;
    this.since = 0;
    this.last = 0;
    this.ramp = 0;
    this.port.onmessage = ({ data }) => (data === null ? this.empty() : this.take(new Int16Array(data)));
  }

  empty() {
    this.held = 0;
    this.playing = false;
  }

  take(pcm) {
    if (this.held === 0) this.since = currentTime;
    for (let i = 0; i < pcm.length; i += 1) {
      this.ring[(this.read + this.held + i) % SIZE] = pcm[i] / 32768;
    }
    this.held += pcm.length;
    if (this.held > MOST) {
      const dropped = this.held - TARGET;
      this.read = (this.read + dropped) % SIZE;
      this.held = TARGET;
      this.ramp = 0;
      this.port.postMessage({ dropped });
    }
  }

  process(_, [channels]) {
    const out = channels[0];
    if (!this.playing && this.held > 0) {
      this.playing = this.held >= TARGET || currentTime - this.since >= PATIENCE;
      if (this.playing) {
        this.ramp = 0;
        this.port.postMessage({ began: currentTime });
      }
    }
    for (let i = 0; i < out.length; i += 1) {
      if (this.playing && this.held > 0) {
        this.ramp = Math.min(1, this.ramp + 1 / RAMP);
        this.last = this.ring[this.read] * this.ramp;
        this.read = (this.read + 1) % SIZE;
        this.held -= 1;
      } else {
        this.playing = false;
        this.last *= 1 - 1 / RAMP * 4;
      }
      out[i] = this.last;
    }
    for (const other of channels.slice(1)) other.set(out);
    return true;
  }
}

registerProcessor("loudspeaker", Loudspeaker);
