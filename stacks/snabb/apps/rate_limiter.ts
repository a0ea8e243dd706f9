/**
 * A token bucket: what exceeds the rate is freed. Tokens are bytes of packets, added by the time that breaths begin at.
 * Source: apps/rate_limiter/rate_limiter.lua.
 */
import { REASON } from "../../../core/policy.ts";
import { type ConfigKey, SnabbApp } from "../app.ts";
import type { SnabbProcess } from "../process.ts";

/** What the app is started with. */
export interface RateLimiterConf {
  /** Bytes a second. */
  readonly rate: number;
  /** Bytes that the bucket holds. */
  readonly bucket_capacity: number;
  /** Bytes in it at first; by default as many. */
  readonly initial_capacity?: number;
}

/** `apps.rate_limiter.rate_limiter`. */
export class RateLimiter extends SnabbApp {
  static readonly config: { readonly [key: string]: ConfigKey } = {
    rate: { required: true },
    bucket_capacity: { required: true },
    initial_capacity: {},
  };
  /** Packets that were freed. */
  txdrop = 0;
  readonly #process: SnabbProcess;
  #conf: RateLimiterConf;
  #contingent: number;
  #last = -1;

  /** A bucket. */
  constructor(conf: RateLimiterConf, process: SnabbProcess) {
    super();
    this.#process = process;
    this.#conf = conf;
    this.#contingent = conf.initial_capacity ?? conf.bucket_capacity;
  }

  /** Another rate or capacity, with what is in the bucket. */
  override reconfig(conf: RateLimiterConf): void {
    this.#conf = conf;
    this.#contingent = Math.min(this.#contingent, conf.bucket_capacity);
  }

  override push(): void {
    const { link, engine, costs, lengths } = this.#process;
    const { rate, bucket_capacity } = this.#conf;
    const now = engine.now();
    if (this.#last >= 0) {
      this.#contingent = Math.min(this.#contingent + rate * (now - this.#last), bucket_capacity);
    }
    this.#last = now;
    const input = this.input.input!;
    let n = 0;
    for (; !link.empty(input); n++) {
      const p = link.receive(input);
      const bytes = lengths[p]!;
      if (bytes <= this.#contingent) {
        this.#contingent -= bytes;
        link.transmit(this.output.output!, p);
      } else {
        this.txdrop++;
        this.#process.discard(p, REASON.other);
      }
    }
    this.#process.charge(n * costs.linkPacket);
  }

  override report(): readonly string[] {
    return [`txdrop ${this.txdrop}`];
  }
}
