/**
 * Frames into and out of a device that sits on interfaces. Frames go in at their ports, in order; fences
 * follow, and what has come out when all fences are back is all that comes out. Long traffic goes in parts, each
 * with fences of its own, so that no ring is ever full.
 */
import type { Traffic } from "../../../core/machine/scenario.ts";
import type { Sent, SentFrame } from "../observe.ts";
import { type FenceFrame, FenceLost, Fences } from "./fence.ts";
import type { PacketPort } from "./packet_port.ts";

/** Frames between two rounds of fences. */
const PART = 256;
/**
 * How long fences may take: a device that answers at all answers within microseconds. After one was lost the next
 * ones are given less, so that the search for a small counterexample ends.
 */
const FENCE_MS = 2000;
const FENCE_AGAIN_MS = 50;
/**
 * Rounds of fences behind what the device was told. What waited for an answer comes out before the first of them; a
 * device that remembers no answer asks for every fence anew, without end.
 */
const ROUNDS_MAX = 8;
/** Looks at empty rings before the thread sleeps. */
const SPINS = 200;

/** What an interface takes beyond its MTU: 14 bytes of header and a tag of 4 (is_skb_forwardable). */
const BEYOND_MTU = 18;
const MTU = 1500;
const FRAME_MIN = 14;

/** Looks at what came out of a port; true when it is nobody else's business. */
export type TakesFrame = (port: number, bytes: Uint8Array, at: number, length: number) => boolean;

/** The testers' ports in front of a device, one for each of its own. */
export class Exchange {
  readonly #ports: readonly PacketPort[];
  readonly #ordered: boolean;
  readonly #taken: TakesFrame;
  readonly #fences: Fences;
  /** Longest frame that each port of the device is given. */
  readonly #longest: number[];
  /** The device was told something on which packets may have waited: fences go once more, behind what was told. */
  unsettled = false;
  #bytes = new Uint8Array(1 << 16);
  #used = 0;
  #frames: SentFrame[] = [];
  #fenceMs = FENCE_MS;

  /**
   * Takes the ports that lead to port 0, 1, ... of the device. `ordered` says that it remembers what came in by one
   * port when it looks at another, as a bridge does: frames then go in one after the other, across ports. To a router
   * those of a port go together, with their fences, in fewer system calls. What `taken` takes is not kept.
   */
  constructor(ports: readonly PacketPort[], ordered: boolean, taken: TakesFrame = () => false) {
    this.#ports = ports;
    this.#taken = taken;
    this.#ordered = ordered;
    this.#fences = new Fences(ports.length);
    this.#longest = ports.map(() => MTU + BEYOND_MTU);
  }

  /** Says that a port of the device has another MTU than 1500: no interface is handed longer frames. */
  setMtu(port: number, mtu: number): void {
    this.#longest[port] = mtu + BEYOND_MTU;
  }

  /** Says that fences are to be made anew, after the device was set up otherwise. */
  forgetFences(): void {
    this.#fences.forget();
  }

  /**
   * Sends all frames of `traffic` that an interface takes; answers what came out, which the next call
   * overwrites. `ports` of the device are in use.
   *
   * @throws {FenceLost} when it is not certain that all has come out
   * @throws {SystemCallError} when an interface does not take a frame
   */
  run(traffic: Traffic, ports: number, fence: FenceFrame): Sent {
    // what a failed exchange may have left
    this.#collect();
    this.#used = 0;
    this.#frames = [];
    for (let from = 0; from < traffic.count; from += PART) {
      this.#part(traffic, from, Math.min(from + PART, traffic.count), ports, fence);
    }
    return { bytes: this.#bytes, frames: this.#frames };
  }

  /** Sends one fence, and answers whether it comes back where it should. */
  tryFence(ingress: number, egress: number, make: FenceFrame): boolean {
    this.#fences.forget();
    const frame = this.#fences.next(ingress, egress, make)!;
    try {
      this.#send(ingress, frame, 0, frame.length);
      this.#ports[ingress]!.flush();
      this.#await();
      return true;
    } catch (error) {
      if (!(error instanceof FenceLost)) throw error;
      this.#fences.lost(0);
      return false;
    } finally {
      this.#fences.forget();
    }
  }

  #part(traffic: Traffic, from: number, to: number, ports: number, fence: FenceFrame): void {
    if (this.#ordered) {
      for (let i = from; i < to; i++) {
        this.#offer(traffic, i);
        // a change of port ends what goes in one system call
        const port = traffic.port[i]!;
        if (i + 1 === to || traffic.port[i + 1] !== port) this.#ports[port]!.flush();
      }
    }
    this.unsettled = false;
    for (let ingress = 0; ingress < ports; ingress++) {
      let used = false;
      for (let i = from; i < to; i++) {
        if (traffic.port[i] !== ingress) continue;
        used = true;
        if (!this.#ordered) this.#offer(traffic, i);
      }
      if (used) this.#fence(ingress, ports, fence);
    }
    this.#await();
    for (let round = 0; this.unsettled && round < ROUNDS_MAX; round++) {
      this.unsettled = false;
      for (let ingress = 0; ingress < ports; ingress++) this.#fence(ingress, ports, fence);
      this.#await();
    }
  }

  /** Sends a fence from a port to each. */
  #fence(ingress: number, ports: number, fence: FenceFrame): void {
    for (let egress = 0; egress < ports; egress++) {
      const frame = this.#fences.next(ingress, egress, fence);
      if (frame !== null) this.#send(ingress, frame, 0, frame.length);
    }
    this.#ports[ingress]!.flush();
  }

  /** Puts frame `i` into the ring of its port, unless no interface takes it: then it ends as at a MAC. */
  #offer(traffic: Traffic, i: number): void {
    const length = traffic.length[i]!;
    const port = traffic.port[i]!;
    if (traffic.badFcs?.[i] === 1 || length > this.#longest[port]! || length < FRAME_MIN) return;
    this.#send(port, traffic.bytes, traffic.offset[i]!, length);
  }

  #send(port: number, bytes: Uint8Array, offset: number, length: number): void {
    if (!this.#ports[port]!.transmit(bytes, offset, length)) {
      throw new Error(`Cannot send to port ${port}: its transmit ring is full`);
    }
  }

  #await(): void {
    const until = performance.now() + this.#fenceMs;
    for (let spins = 0; this.#fences.outstanding > 0; spins++) {
      this.#collect();
      if (this.#fences.outstanding === 0) break;
      if (spins < SPINS) continue;
      if (performance.now() > until) {
        const lost = this.#fences.lost(this.#fenceMs);
        this.#fenceMs = FENCE_AGAIN_MS;
        throw lost;
      }
      this.#ports[spins % this.#ports.length]!.wait(1);
    }
    this.#fenceMs = FENCE_MS;
    // A fence comes behind all that entered with it and leaves by the same port: rings are in order.
  }

  /** Takes what is in the rings. */
  #collect(): void {
    for (let p = 0; p < this.#ports.length; p++) {
      const port = this.#ports[p]!;
      for (let at = port.receive(); at >= 0; at = port.receive()) {
        const { bytes, length } = port;
        const isOurs = this.#taken(p, bytes, at, length) ||
          this.#fences.isFence(p, bytes, at, length);
        if (!isOurs) this.#keep(p, bytes, at, length);
        port.release();
      }
    }
  }

  #keep(port: number, bytes: Uint8Array, at: number, length: number): void {
    if (this.#used + length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#used + length));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes.subarray(at, at + length), this.#used);
    this.#frames.push({ port, offset: this.#used, length });
    this.#used += length;
  }
}
