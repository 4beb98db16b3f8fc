// The microphone, as 20 ms of 16-bit PCM at a time: what the socket /voice takes.

const FRAME = 960;
const HELD = 0.8; // how slowly the loudness that is shown falls

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frame = new Int16Array(FRAME);
    this.at = 0;
    this.peak = 0;
  }

  process([channels]) {
    const mono = channels[0];
    if (mono === undefined) return true; // nothing is connected yet
    for (const sample of mono) {
      const clipped = Math.max(-1, Math.min(1, sample));
      this.peak = Math.max(this.peak, Math.abs(clipped));
      this.frame[this.at] = clipped * 32767;
      this.at += 1;
      if (this.at === FRAME) this.leave();
    }
    return true;
  }

  leave() {
    const pcm = this.frame.buffer;
    this.port.postMessage({ pcm, peak: this.peak }, [pcm]);
    this.frame = new Int16Array(FRAME);
    this.at = 0;
    this.peak *= HELD;
  }
}

registerProcessor("microphone", Microphone);
