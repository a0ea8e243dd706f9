/**
 * DPDK's l3fwd with longest-prefix match (examples/l3fwd at 26.11-rc0).
 *
 * Run to completion (`mode: "poll"`): each lcore loops over its receive queues. At the head of the loop, when
 * more than 100 us have passed since the last drain, it sends what waits in every port's tx_mbufs. Then for
 * each queue: a burst of up to 32, look-up, rewrite, append to the tx_mbufs of the egress port, send when 32
 * have gathered.
 *
 * Pipeline (`mode: "pipeline"`): the same steps on lcores of their own, see `pipeline.ts`.
 *
 * Two profiles. `faithful` is what the example does: an LPM miss goes back out of the ingress port, TTL is
 * decremented without a look, the checksum is trusted and incremented as a 16-bit word, the destination
 * MAC is one for each port. `strict` is RFC 1812 in the same loop.
 */
import type { Policy } from "../../core/policy.ts";
import type { Cpu, Dataplane, Env, Port, ReportRow, Stack } from "../../core/stack.ts";
import { L3fwdLpm } from "./l3fwd_lpm.ts";
import { L3fwdPipeline } from "./pipeline.ts";
import {
  checkKnob,
  checkPortOptions,
  checkWord,
  type PortOptions,
  startPorts,
} from "./port_options.ts";
import { FAITHFUL, type L3fwdProfile, STRICT_L3FWD } from "./profiles.ts";
import { TxBuffers } from "./tx_buffers.ts";
import { BurstSpread, mempoolStats, xstats } from "./xstats.ts";

/** Packets in a burst and in a port's transmit table (MAX_PKT_BURST). */
const BURST = 32;
/** Microseconds between drains (BURST_TX_DRAIN_US), and at most. */
const DRAIN_US = 100;
const DRAIN_US_MAX = 1_000_000;
/** Items of a ring between stages, unless told otherwise, and at most. */
const RING_SIZE = 1024;
const RING_SIZE_MAX = 65536;

/** Knobs; names in brackets are the example's. */
export interface L3fwdOptions extends PortOptions {
  /** Every step on every lcore, or each step on lcores of its own; `"poll"`. */
  readonly mode?: "poll" | "pipeline";
  /** Packets of a receive burst [--rx-burst]; 32, which is the most that the driver's receive function answers. */
  readonly rxBurst?: number;
  /** Packets gathered before they are sent [--tx-burst]; 32. */
  readonly txBurst?: number;
  /** Microseconds between drains of the transmit tables; 100 (BURST_TX_DRAIN_US). 0: after every receive burst. */
  readonly drainUs?: number;
  /** Pipeline: items of each ring between stages; 1024. */
  readonly ringSize?: number;
  /** Pipeline: how packets reach workers, by RSS hash (keeps the order of a flow) or in turn; `"flow"`. */
  readonly steering?: "flow" | "round-robin";
}

/** Every knob set. */
export type L3fwdSettings = L3fwdOptions & Required<Omit<L3fwdOptions, keyof PortOptions>>;

/**
 * The stack, in one of its profiles.
 *
 * @throws {RangeError} when a knob is out of range
 * @throws {TypeError} when `mode` or `steering` is none of its words
 * @example
 * ```ts
 * import { l3fwd } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(l3fwd("faithful").policy!.onMiss, "reflect");
 * assertEquals(l3fwd("strict").policy!.onMiss, "drop");
 * const inTurn = l3fwd("strict", { mode: "pipeline", steering: "round-robin" });
 * assertEquals(inTurn.policy!.order, "none");
 * ```
 */
export function l3fwd(profile: L3fwdProfile = "strict", options: L3fwdOptions = {}): Stack {
  const settings = settingsOf(options);
  const stack = (env: Env): Dataplane =>
    settings.mode === "pipeline"
      ? new L3fwdPipeline(env, profile, settings)
      : new L3fwd(env, profile, settings);
  return Object.assign(stack, { policy: policyOf(profile, settings) });
}

function policyOf(profile: L3fwdProfile, settings: L3fwdSettings): Policy {
  const policy = profile === "strict" ? STRICT_L3FWD : FAITHFUL;
  if (settings.mode === "poll") return policy;
  const order = settings.steering === "flow" ? "flow" : "none";
  return { ...policy, order, congestion: [...policy.congestion, "ring-full"] };
}

function settingsOf(options: L3fwdOptions): L3fwdSettings {
  const { mode = "poll", rxBurst = BURST, txBurst = BURST } = options;
  const { ringSize = RING_SIZE, steering = "flow", drainUs = DRAIN_US } = options;
  checkPortOptions("l3fwd", options);
  checkKnob("l3fwd", "rxBurst", rxBurst, 1, BURST);
  checkKnob("l3fwd", "txBurst", txBurst, 1, BURST);
  checkKnob("l3fwd", "ringSize", ringSize, 1, RING_SIZE_MAX);
  checkKnob("l3fwd", "drainUs", drainUs, 0, DRAIN_US_MAX);
  checkWord("l3fwd", "mode", mode, ["poll", "pipeline"]);
  checkWord("l3fwd", "steering", steering, ["flow", "round-robin"]);
  return { ...options, mode, rxBurst, txBurst, drainUs, ringSize, steering };
}

class L3fwd implements Dataplane {
  readonly name: string;
  readonly #env: Env;
  readonly #ports: readonly Port[];
  readonly #burst: Int32Array = new Int32Array(0);
  readonly #lpm: L3fwdLpm;
  readonly #tx: TxBuffers;
  readonly #bursts: BurstSpread;

  constructor(env: Env, profile: L3fwdProfile, settings: L3fwdSettings) {
    this.name = `dpdk l3fwd (${profile})`;
    this.#env = env;
    this.#ports = startPorts(env, settings);
    this.#burst = new Int32Array(settings.rxBurst);
    this.#lpm = new L3fwdLpm(env, profile, settings.rxBurst);
    this.#tx = new TxBuffers(env, this.#ports, settings.txBurst, settings.drainUs);
    this.#bursts = new BurstSpread(settings.rxBurst);
    for (let l = 0; l < env.lcores; l++) {
      for (let k = 0; k < this.#ports.length; k++) {
        env.spawn(l, "thread", (cpu) => this.#loop(cpu, k), true);
      }
    }
  }

  report(): ReportRow[] {
    return [
      ...this.#bursts.rows("RX-bursts", 1),
      ...xstats(this.#env),
      ...mempoolStats(this.#env),
    ];
  }

  /** One turn of the loop for one queue; the first queue's turn begins with the drain check. */
  #loop(cpu: Cpu, k: number): number {
    const drained = k === 0 ? this.#tx.drainIfDue(cpu) : 0;
    const { port, queue } = cpu.rxQueues[k]!;
    const burst = this.#burst;
    const n = this.#ports[port]!.rxBurst(cpu, queue, burst, burst.length);
    if (n === 0) return drained;
    this.#bursts.add(n);
    const good = this.#lpm.process(cpu, burst, n);
    this.#tx.add(cpu, burst, this.#lpm.egress, good);
    return drained + n;
  }
}
