/**
 * A copying monitor, `netmap:eth0/r`, `/t` or `/rt`: a port whose receive ring gets a copy of every slot that passes
 * the rings that it watches, those sent when they are handed over and those received before the process sees
 * them. A full monitor ring loses copies, never packets: who is watched is not held up.
 *
 * Source: netmap sys/dev/netmap/netmap_monitor.c, netmap_monitor_parent_sync.
 */
import type { Memory } from "../../core/memory/memory.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { type CopyCosts, copyCycles } from "./copy.ts";
import type { Monitor, NetmapKring } from "./kring.ts";

/** One monitor port. */
export class CopyMonitor implements Monitor {
  /** Copies that found the ring full. */
  lost = 0;
  readonly #memory: Memory;
  readonly #costs: CopyCosts;
  readonly #rx: NetmapKring;
  /** Slots before this one are filled; the tail follows when the watched sync is over. */
  #filled: number;

  /** @param rx the receive ring of the monitor port, in a region of its own */
  constructor(env: Env, costs: CopyCosts, rx: NetmapKring, watched: readonly NetmapKring[]) {
    this.#memory = env.memory as Memory;
    this.#costs = costs;
    this.#rx = rx;
    this.#filled = rx.hwtail;
    rx.sync = () => {
      rx.hwcur = rx.rhead;
      return true;
    };
    for (const kring of watched) kring.monitors.push(this);
  }

  saw(cpu: Cpu, kring: NetmapKring, from: number, to: number): void {
    const rx = this.#rx;
    let cycles = 0;
    for (let at = from; at !== to; at = kring.next(at)) {
      if (rx.next(this.#filled) === rx.hwcur) {
        this.lost++;
        continue;
      }
      const source = kring.mem.buffer(kring.ring.bufIdx[at]!);
      const target = rx.mem.buffer(rx.ring.bufIdx[this.#filled]!);
      const length = Math.min(kring.ring.len[at]!, kring.mem.bufSize);
      const { offset } = this.#memory;
      // the copy is no packet of the run's: only its bytes are taken
      this.#memory.copyWithin(offset[source]!, offset[target]!, length);
      rx.mem.setLength(target, length);
      rx.ring.len[this.#filled] = length;
      rx.ring.flagsOf[this.#filled] = 0;
      cycles += copyCycles(this.#costs, length);
      this.#filled = rx.next(this.#filled);
    }
    cpu.charge(cycles);
  }

  get dirty(): boolean {
    return this.#filled !== this.#rx.hwtail;
  }

  publish(cpu: Cpu): void {
    this.#rx.packets += this.#rx.distance(this.#rx.hwtail, this.#filled);
    this.#rx.hwtail = this.#filled;
    this.#rx.si.wake(cpu);
  }
}
