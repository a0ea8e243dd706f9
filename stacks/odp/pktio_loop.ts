/**
 * The loop interface: what is sent on it is received on it. The packet stays in its buffer; it is parsed and
 * classified again, by this interface's own default CoS, and its input interface is this one from then on. So a
 * packet whose outer header was taken off comes by the classifier a second time.
 *
 * Source: platform/linux-generic/pktio/loop.c.
 */
import type { Context } from "../../core/host/context.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import type { Odp } from "./odp.ts";
import { packetOf, Pktio, type PktioType } from "./pktio.ts";
import { TimedQueue } from "./timed_queue.ts";

/** Packets that wait in it at most. */
export const LOOP_SIZE = 1024;

/** A loop. */
export class PktioLoop extends Pktio {
  readonly type: PktioType = "loop";
  readonly pktinQueues = 1;
  override readonly shortSend = REASON["ring-full"];
  override readonly sendPlace: number;
  override readonly sendSize = LOOP_SIZE;
  readonly #ring = new TimedQueue(LOOP_SIZE);

  /** @throws {RangeError} when the pool does not hold the `frames` that wait in it at the start */
  constructor(odp: Odp, index: number, frames: readonly Uint8Array[] = []) {
    super(odp, index, `loop:${index}`);
    this.sendPlace = odp.env.place(this.name, LOOP_SIZE);
    for (const frame of frames) {
      const b = packetOf(odp, 0, frame);
      if (b < 0 || !this.#ring.push(b, 0)) {
        throw new RangeError(`Cannot open ${this.name}: no room for ${frames.length} frames`);
      }
      odp.loops.sent(b);
    }
  }

  /** Packets that wait. */
  get waiting(): TimedQueue {
    return this.#ring;
  }

  protected recv(cpu: Cpu, _queue: number, out: Int32Array, max: number): number {
    const n = this.#ring.take(out, 0, max, (cpu as Context).nowPs);
    cpu.charge(this.odp.costs["queue.burst"] + n * this.odp.costs["loop.packet"]);
    for (let i = 0; i < n; i++) this.odp.loops.received(out[i]!);
    return n;
  }

  protected transmit(
    cpu: Cpu,
    _queue: number,
    buffers: Int32Array,
    at: number,
    n: number,
  ): number {
    cpu.charge(n * this.odp.costs["loop.packet"]);
    const ps = (cpu as Context).nowPs;
    let sent = 0;
    while (sent < n && this.#ring.push(buffers[at + sent]!, ps)) {
      this.odp.loops.sent(buffers[at + sent]!);
      sent++;
    }
    if (sent > 0) this.odp.scheduler.rings.wake(cpu);
    return sent;
  }
}
