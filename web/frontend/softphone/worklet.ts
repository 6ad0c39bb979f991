/** Runs on the audio thread: cuts the microphone's samples into 20 ms frames of 16 bits and measures their level. */

declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare const sampleRate: number;

const FRAME_MS = 20;

class FrameCutter extends AudioWorkletProcessor {
  private readonly size = (sampleRate * FRAME_MS) / 1000;
  private frame = new Int16Array(this.size);
  private filled = 0;
  private squares = 0;

  process(inputs: Float32Array[][]): boolean {
    const channels = inputs[0] ?? [];
    const length = channels[0]?.length ?? 0;
    for (let place = 0; place < length; place++) {
      let sample = 0;
      for (const channel of channels) sample += channel[place]!;
      this.take(Math.max(-1, Math.min(1, sample / channels.length)));
    }
    return true;
  }

  private take(sample: number): void {
    this.frame[this.filled++] = Math.round(sample * 32767);
    this.squares += sample * sample;
    if (this.filled < this.size) return;
    const level = Math.sqrt(this.squares / this.filled);
    this.port.postMessage({ frame: this.frame, level }, { transfer: [this.frame.buffer] });
    this.frame = new Int16Array(this.size);
    this.filled = 0;
    this.squares = 0;
  }
}

registerProcessor("frame-cutter", FrameCutter);
