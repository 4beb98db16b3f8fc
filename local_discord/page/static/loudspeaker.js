// What is heard, from a ring buffer. It begins to play once it holds a little, so that packets may be a
// little late: 40 ms, more after it has run dry in the middle of speech, and less again when all is well.
// What it holds too much of it throws away, so that nobody hears the past.

const FRAME = 960; // 20 ms at 48 kHz
const LEAST = 2 * FRAME;
const MOST = 6 * FRAME;
const EASES = FRAME / 8; // by so much it holds less after each stretch of speech that went well
const OVERFULL = 6 * FRAME; // beyond what it should hold
const SIZE = 1 << 16;
const DRY_S = 0.15; // what comes so soon after it ran dry belongs to the same stretch
const RAMP = 96; // 2 ms: no click where sound begins or ends in the middle

class Loudspeaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Float32Array(SIZE);
    this.read = 0;
    this.held = 0;
    this.target = LEAST;
    this.playing = false;
    this.since = 0; // when the first of what waits to be played came
    this.dry = -1; // when it ran dry
    this.last = 0;
    this.ramp = 0;
    this.port.onmessage = ({ data }) => (data === null ? this.empty() : this.take(new Int16Array(data)));
  }

  empty() {
    this.held = 0;
    this.playing = false;
  }

  take(pcm) {
    if (this.held === 0) this.begin();
    for (let i = 0; i < pcm.length; i += 1) {
      this.ring[(this.read + this.held + i) % SIZE] = pcm[i] / 32768;
    }
    this.held += pcm.length;
    if (this.held > this.target + OVERFULL) {
      const dropped = this.held - this.target;
      this.read = (this.read + dropped) % SIZE;
      this.held = this.target;
      this.ramp = 0;
      this.port.postMessage({ dropped });
    }
  }

  begin() {
    this.since = currentTime;
    if (this.dry < 0) return;
    const wasLate = currentTime - this.dry < DRY_S;
    this.target = wasLate ? Math.min(MOST, this.target + FRAME) : Math.max(LEAST, this.target - EASES);
    this.dry = -1;
  }

  process(_, [channels]) {
    const out = channels[0];
    if (!this.playing && this.held > 0) {
      // A sound that is shorter than that is played, too.
      this.playing = this.held >= this.target || currentTime - this.since >= this.target / sampleRate;
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
        if (this.playing) this.dry = currentTime;
        this.playing = false;
        this.last *= 1 - 4 / RAMP;
      }
      out[i] = this.last;
    }
    for (const other of channels.slice(1)) other.set(out);
    return true;
  }
}

registerProcessor("loudspeaker", Loudspeaker);
