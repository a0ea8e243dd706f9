/**
 * l3fwd as a pipeline: the first lcore receives, the last one sends, those between forward. Each worker has
 * a ring before it and one behind it, of one producer and one consumer each:
 *
 *     receive lcore --> worker ring w --> worker w --> tx ring w --> transmit lcore
 *
 * Two lcores or one do with what they have: one worker on the last of them. Receive queues other than the
 * first of a port get nothing (the redirection table leads to queue 0 only). What does not fit a ring is
 * dropped there, as `rte_ring_sp_enqueue_burst` leaves it to the caller.
 *
 * Source: DPDK Programmer's Guide, Ring Library and Mempool Library (pipeline use of caches).
 */
import type { Context } from "../../core/host/context.ts";
import { REASON } from "../../core/policy.ts";
import { TimedRing } from "../../core/ring/timed_ring.ts";
import type { Cpu, Dataplane, Env, Port, ReportRow } from "../../core/stack.ts";
import type { L3fwdSettings } from "./l3fwd.ts";
import { L3fwdLpm } from "./l3fwd_lpm.ts";
import { startPorts } from "./port_options.ts";
import type { L3fwdProfile } from "./profiles.ts";
import { TxBuffers } from "./tx_buffers.ts";
import { BurstSpread, mempoolStats, xstats } from "./xstats.ts";

/** A ring from one stage to the next. */
class StageRing {
  readonly name: string;
  /** Packets that went in, and that did not fit. */
  enqueued = 0;
  dropped = 0;
  /** Who takes them out. */
  consumer: Cpu | null = null;
  readonly #env: Env;
  readonly #ring: TimedRing;
  readonly #place: number = 0;
  readonly #burstCycles: number = 0;
  readonly #packetCycles: number = 0;

  constructor(env: Env, name: string, size: number) {
    this.name = name;
    this.#env = env;
    this.#ring = new TimedRing(size);
    this.#place = env.place(name, size);
    this.#burstCycles = env.cost("ring.burst");
    this.#packetCycles = env.cost("ring.packet");
  }

  /** Puts `n` packets in at the body's own time; drops those for which there is no room. */
  enqueue(cpu: Cpu, buffers: Int32Array, at: number, n: number): void {
    cpu.charge(this.#burstCycles + n * this.#packetCycles);
    const moved = this.#ring.enqueueBurst(buffers, at, n, (cpu as Context).nowPs);
    this.enqueued += moved;
    this.dropped += n - moved;
    for (let i = moved; i < n; i++) {
      // a slot that is being emptied is as full as any other to the producer
      this.#env.drop(cpu, buffers[at + i]!, REASON["ring-full"], this.#place, this.#ring.size);
    }
    if (moved > 0) cpu.wake(this.consumer!);
  }

  /** Takes out what was published when the body began. */
  dequeue(cpu: Cpu, out: Int32Array): number {
    const n = this.#ring.dequeueBurst(out, out.length, (cpu as Context).nowPs);
    cpu.charge(this.#burstCycles + n * this.#packetCycles);
    return n;
  }

  rows(): ReportRow[] {
    return [
      { name: `ring ${this.name} enqueued`, value: this.enqueued, unit: "packets" },
      { name: `ring ${this.name} dropped`, value: this.dropped, unit: "packets" },
    ];
  }
}

/** The pipeline. */
export class L3fwdPipeline implements Dataplane {
  readonly name: string;
  readonly #env: Env;
  readonly #ports: readonly Port[];
  readonly #burst: Int32Array = new Int32Array(0);
  readonly #egress: Uint8Array = new Uint8Array(0);
  readonly #lpm: L3fwdLpm;
  readonly #tx: TxBuffers;
  readonly #bursts: BurstSpread;
  readonly #toWorker: StageRing[] = [];
  readonly #toTx: StageRing[] = [];
  readonly #inTurn: boolean;
  /** What a burst has for each worker, `#burst.length` slots each. */
  readonly #shares: Int32Array = new Int32Array(0);
  readonly #counts: Int32Array = new Int32Array(0);
  #turn = 0;

  /**
   * Starts ports, rings and stages.
   * @throws {RangeError} as {@link startPorts}
   */
  constructor(env: Env, profile: L3fwdProfile, settings: L3fwdSettings) {
    this.name = `dpdk l3fwd pipeline (${profile})`;
    this.#env = env;
    this.#ports = startPorts(env, settings);
    this.#burst = new Int32Array(settings.rxBurst);
    this.#egress = new Uint8Array(settings.rxBurst);
    this.#lpm = new L3fwdLpm(env, profile, settings.rxBurst);
    this.#tx = new TxBuffers(env, this.#ports, settings.txBurst, settings.drainUs);
    this.#bursts = new BurstSpread(settings.rxBurst);
    this.#inTurn = settings.steering === "round-robin";
    const workers = Math.max(1, env.lcores - 2);
    this.#shares = new Int32Array(workers * settings.rxBurst);
    this.#counts = new Int32Array(workers);
    // one lcore has one queue of each port anyway
    if (env.lcores > 1) { for (const nic of env.hardware.nics) nic.queues.reta.fill(0); }
    for (let p = 0; p < this.#ports.length; p++) {
      env.spawn(0, "thread", (cpu) => this.#receive(cpu, p), true);
    }
    const last = env.lcores - 1;
    for (let w = 0; w < workers; w++) {
      const before = new StageRing(env, `worker ring ${w}`, settings.ringSize);
      const behind = new StageRing(env, `tx ring ${w}`, settings.ringSize);
      const lcore = Math.min(1 + w, last);
      before.consumer = env.spawn(lcore, "thread", (cpu) => this.#work(cpu, before, behind), true);
      behind.consumer = env.spawn(last, "thread", (cpu) => this.#send(cpu, behind, w), true);
      this.#toWorker.push(before);
      this.#toTx.push(behind);
    }
  }

  report(): ReportRow[] {
    return [
      ...this.#bursts.rows("RX-bursts", 1),
      ...[...this.#toWorker, ...this.#toTx].flatMap((ring) => ring.rows()),
      ...xstats(this.#env),
      ...mempoolStats(this.#env),
    ];
  }

  /** One burst of a port, shared out to the workers. */
  #receive(cpu: Cpu, port: number): number {
    const burst = this.#burst;
    const n = this.#ports[port]!.rxBurst(cpu, 0, burst, burst.length);
    if (n === 0) return 0;
    this.#bursts.add(n);
    const { hash } = this.#env.memory;
    const counts = this.#counts;
    counts.fill(0);
    for (let i = 0; i < n; i++) {
      const b = burst[i]!;
      const w = (this.#inTurn ? this.#turn++ : hash[b]!) % counts.length;
      this.#shares[w * burst.length + counts[w]!++] = b;
    }
    for (let w = 0; w < counts.length; w++) {
      if (counts[w] === 0) continue;
      this.#toWorker[w]!.enqueue(cpu, this.#shares, w * burst.length, counts[w]!);
    }
    return n;
  }

  /** One burst of a worker's ring: the egress port goes on in `port`, which the mbuf has no other use for. */
  #work(cpu: Cpu, before: StageRing, behind: StageRing): number {
    const burst = this.#burst;
    const n = before.dequeue(cpu, burst);
    if (n === 0) return 0;
    const good = this.#lpm.process(cpu, burst, n);
    const { port } = this.#env.memory;
    for (let i = 0; i < good; i++) port[burst[i]!] = this.#lpm.egress[i]!;
    if (good > 0) behind.enqueue(cpu, burst, 0, good);
    return n;
  }

  /** One burst of a worker's ring on its way out; the first ring's turn begins with the drain check. */
  #send(cpu: Cpu, behind: StageRing, w: number): number {
    const drained = w === 0 ? this.#tx.drainIfDue(cpu) : 0;
    const burst = this.#burst;
    const n = behind.dequeue(cpu, burst);
    const { port } = this.#env.memory;
    for (let i = 0; i < n; i++) this.#egress[i] = port[burst[i]!]!;
    this.#tx.add(cpu, burst, this.#egress, n);
    return drained + n;
  }
}
