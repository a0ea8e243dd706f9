/**
 * DPDK's l3fwd with longest-prefix match, run to completion (examples/l3fwd at 26.11-rc0).
 *
 * Each lcore loops over its receive queues. At the head of the loop, when more than 100 us have passed since
 * the last drain, it sends what waits in every port's tx_mbufs. Then for each queue: a burst of up to 32,
 * look-up, rewrite, append to the tx_mbufs of the egress port, send when 32 have gathered. What a full
 * transmit ring refuses is given up: l3fwd never stops reading.
 *
 * Two profiles. `faithful` is what the example does: an LPM miss goes back out of the ingress port, TTL is
 * decremented without a look, the checksum is trusted and incremented as a 16-bit word, the destination
 * MAC is one for each port. `strict` is RFC 1812 in the same loop.
 */
import {
  checkFrame,
  copyMac,
  ETHERNET_HEADER_BYTES,
  ipv4Dst,
  rewriteFrame,
} from "../../core/packet/mod.ts";
import { FLAG } from "../../core/memory/memory.ts";
import { REASON, type Reason } from "../../core/policy.ts";
import type { Cpu, Dataplane, Env, Stack } from "../../core/stack.ts";
import {
  BURST,
  FAITHFUL,
  type L3fwdOptions,
  type L3fwdProfile,
  settingsOf,
  STRICT_L3FWD,
} from "./profiles.ts";
import { incrementChecksum } from "./rewrite.ts";

/**
 * The stack, in one of its profiles.
 *
 * @throws {RangeError} when an option is out of range
 *
 * @example
 * ```ts
 * import { l3fwd } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(l3fwd("faithful").policy!.onMiss, "reflect");
 * assertEquals(l3fwd("strict").policy!.onMiss, "drop");
 * ```
 */
export function l3fwd(profile: L3fwdProfile = "strict", options: L3fwdOptions = {}): Stack {
  const { burst, drainUs } = settingsOf(options);
  const stack = (env: Env): Dataplane => new L3fwd(env, profile, burst, drainUs);
  return Object.assign(stack, { policy: profile === "strict" ? STRICT_L3FWD : FAITHFUL });
}

class L3fwd implements Dataplane {
  readonly name: string;
  readonly #env: Env;
  readonly #faithful: boolean;
  readonly #most: number;
  readonly #burst = new Int32Array(BURST);
  readonly #destinations = new Uint32Array(BURST);
  readonly #nextHops = new Int32Array(BURST);
  /** tx_mbufs of each lcore and port, BURST slots each, and how many wait in each. */
  readonly #mbufs: Int32Array;
  readonly #counts: Int32Array;
  readonly #portCount: number;
  readonly #lastDrain: Float64Array;
  readonly #drainCycles: number;
  readonly #packetCycles: number;
  readonly #portMac: Uint8Array;
  readonly #bursts = new Uint32Array(BURST + 1);

  constructor(env: Env, profile: L3fwdProfile, burst: number, drainUs: number) {
    this.#most = burst;
    this.name = `dpdk l3fwd (${profile})`;
    this.#env = env;
    this.#faithful = profile === "faithful";
    this.#lastDrain = new Float64Array(env.lcores);
    this.#drainCycles = env.cost("mhz") * drainUs;
    this.#packetCycles = env.cost("l3fwd.packet");
    const ports = env.ports.length;
    this.#portCount = ports;
    this.#mbufs = new Int32Array(env.lcores * ports * BURST);
    this.#counts = new Int32Array(env.lcores * ports);
    this.#portMac = new Uint8Array(ports * 6);
    for (let p = 0; p < ports; p++) this.#portMac.set([2, 0, 0, 0, 0, p], p * 6);
    for (let l = 0; l < env.lcores; l++) {
      for (let k = 0; k < ports; k++) {
        env.spawn(l, "thread", (cpu) => this.#loop(cpu, k), true);
      }
    }
  }

  report(): { name: string; value: number; unit: string }[] {
    return [...this.#bursts].slice(1).map((value, n) => ({
      name: `RX-bursts of ${n + 1}`,
      value,
      unit: "bursts",
    }));
  }

  /** One turn of the loop for one queue; the first queue's turn begins with the drain check. */
  #loop(cpu: Cpu, k: number): number {
    const drained = k === 0 && this.#drainCycles > 0 ? this.#drainIfDue(cpu) : 0;
    const { port, queue } = cpu.rxQueues[k]!;
    const n = this.#env.ports[port]!.rxBurst(cpu, queue, this.#burst, this.#most);
    if (n === 0) return drained;
    this.#bursts[n]!++;
    cpu.charge(n * this.#packetCycles);
    const good = this.#gather(cpu, n);
    this.#env.fib.lookupBulk(this.#destinations, this.#nextHops, good);
    for (let i = 0; i < good; i++) this.#forward(cpu, this.#burst[i]!, this.#nextHops[i]!, port);
    if (this.#drainCycles === 0) this.#drain(cpu);
    return drained + n;
  }

  /** Drops what may not be forwarded, moves the rest to the front and gathers its destinations. */
  #gather(cpu: Cpu, n: number): number {
    const { bytes, offset } = this.#env.memory;
    const burst = this.#burst;
    let good = 0;
    for (let i = 0; i < n; i++) {
      const b = burst[i]!;
      const ip = offset[b]! + ETHERNET_HEADER_BYTES;
      const reason = this.#check(b, ip);
      if (reason !== REASON.none) {
        this.#env.drop(cpu, b, reason);
        continue;
      }
      this.#destinations[good] = ipv4Dst(bytes, ip);
      burst[good++] = b;
    }
    return good;
  }

  #drainIfDue(cpu: Cpu): number {
    const now = cpu.tsc();
    const due = now - this.#lastDrain[cpu.lcore]! > this.#drainCycles;
    if (due) {
      this.#lastDrain[cpu.lcore] = now;
      this.#drain(cpu);
    }
    cpu.wakeAt(this.#lastDrain[cpu.lcore]! + this.#drainCycles + 1);
    return due ? 1 : 0;
  }

  #drain(cpu: Cpu): void {
    for (let p = 0; p < this.#portCount; p++) this.#send(cpu, p);
  }

  #forward(cpu: Cpu, b: number, nextHop: number, ingress: number): void {
    const { memory, neighbours } = this.#env;
    const bytes = memory.bytes;
    const at = memory.offset[b]!;
    if (nextHop < 0 && !this.#faithful) {
      this.#env.drop(cpu, b, REASON["no-route"]);
      return;
    }
    const egress = nextHop < 0 ? ingress : neighbours.port[nextHop]!;
    if (this.#faithful) {
      incrementChecksum(bytes, at + ETHERNET_HEADER_BYTES);
      copyMac(this.#portMac, egress * 6, bytes, at);
      copyMac(neighbours.portMac, egress * 6, bytes, at + 6);
    } else {
      rewriteFrame(bytes, at, neighbours, nextHop);
    }
    const table = cpu.lcore * this.#portCount + egress;
    this.#mbufs[table * BURST + this.#counts[table]!++] = b;
    if (this.#counts[table] === this.#most) this.#send(cpu, egress);
  }

  #check(b: number, ip: number): Reason {
    const { memory } = this.#env;
    if ((memory.flags[b]! & FLAG.ipv4) === 0) return REASON["not-ip"];
    if (this.#faithful) {
      // rfc1812_process: version_ihl in 0x45..0x4f, total_length at least 20
      const first = memory.bytes[ip]!;
      const total = (memory.bytes[ip + 2]! << 8) | memory.bytes[ip + 3]!;
      return first < 0x45 || first > 0x4f || total < 20 ? REASON["bad-header"] : REASON.none;
    }
    return checkFrame(memory.bytes, ip - ETHERNET_HEADER_BYTES, memory.length[b]!);
  }

  /** Sends a port's table; what the ring refuses is given up, as l3fwd does. */
  #send(cpu: Cpu, port: number): void {
    const table = cpu.lcore * this.#portCount + port;
    const n = this.#counts[table]!;
    if (n === 0) return;
    const at = table * BURST;
    const sent = this.#env.ports[port]!.txBurst(cpu, cpu.lcore, this.#mbufs, at, n);
    for (let i = sent; i < n; i++) this.#env.drop(cpu, this.#mbufs[at + i]!, REASON["tx-full"]);
    this.#counts[table] = 0;
  }
}
