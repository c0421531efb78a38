/** Where the channels of a value lie: element (outer, channel, inner) stands at (outer·channels + channel)·inner + inner. */
export interface ChannelLayout {
  readonly channels: number;
  readonly inner: number;
}

/** Sum, smallest and largest element per channel. */
export class ChannelStatistics {
  readonly sums: Float64Array;
  readonly lo: Float64Array;
  readonly hi: Float64Array;
  /** Elements per channel. */
  count = 0;

  constructor(readonly layout: ChannelLayout) {
    this.sums = new Float64Array(layout.channels);
    this.lo = new Float64Array(layout.channels).fill(Infinity);
    this.hi = new Float64Array(layout.channels).fill(-Infinity);
  }

  observe(data: Float32Array): void {
    const { channels, inner } = this.layout;
    const outer = data.length / (channels * inner);
    let position = 0;
    for (let o = 0; o < outer; o++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let lo = this.lo[c]!;
        let hi = this.hi[c]!;
        for (const end = position + inner; position < end; position++) {
          const x = data[position]!;
          sum += x;
          if (x < lo) lo = x;
          if (x > hi) hi = x;
        }
        this.sums[c] = this.sums[c]! + sum;
        this.lo[c] = lo;
        this.hi[c] = hi;
      }
    }
    this.count += outer * inner;
  }

  mean(channel: number): number {
    return this.count === 0 ? 0 : this.sums[channel]! / this.count;
  }
}

/** Channels of a convolution's or dense layer's input and output: axis 1, or the last axis. */
export function channelLayout(form: 'conv2d' | 'dense', shape: readonly number[]): ChannelLayout {
  if (form === 'dense') return { channels: shape[shape.length - 1]!, inner: 1 };
  return { channels: shape[1]!, inner: shape[2]! * shape[3]! };
}
