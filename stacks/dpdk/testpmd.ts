/**
 * DPDK's testpmd (app/test-pmd at 26.11-rc0): the forwarding engines io, mac, macswap and rxonly.
 *
 * A stream is a receive queue and the transmit queue of the same number on the port that the topology names.
 * Each lcore takes its streams in turn: a burst is received and sent in one go. `io` touches no byte; `mac`
 * writes 02:00:00:00:00:PORT and the egress port's own address; `macswap` swaps the two; `rxonly` frees what it
 * receives. What a full transmit ring refuses is freed at once and counted as TX-dropped, or with `retry` sent
 * again some times first, while the lcore waits. Commands are given at a prompt, see `testpmd_commands.ts`.
 */
import { REASON } from "../../core/policy.ts";
import type { Cpu, Dataplane, Env, Port, ReportRow, Stack } from "../../core/stack.ts";
import { startPorts } from "./port_options.ts";
import { Prompt } from "./testpmd_commands.ts";
import {
  type TestpmdOptions,
  testpmdPolicy,
  type TestpmdSettings,
  testpmdSettings,
} from "./testpmd_options.ts";
import { Stream, testpmdReport } from "./testpmd_report.ts";

/**
 * The stack.
 *
 * @throws {RangeError} when a number is out of range or a command is none
 * @throws {TypeError} when a word is none of those that its knob knows
 * @example
 * ```ts
 * import { testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { testpmd } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const packets = [{ ...PLAIN_PACKET, port: 0, src: 1, dst: 2 }];
 * const none = { neighbours: [], routes: [], deviations: [] };
 * const scenario = build({ geometry: PLAIN_GEOMETRY, packets, ...none });
 * const o = testbed(testpmd(), machineProfile(paperHost)).run(scenario);
 * assertEquals([o.outPort[0], o.outBytes.subarray(0, 60)], [1, scenario.traffic.bytes]);
 * ```
 */
export function testpmd(options: TestpmdOptions = {}): Stack {
  const settings = testpmdSettings(options);
  const stack = (env: Env): Dataplane => new Testpmd(env, settings);
  return Object.assign(stack, { policy: testpmdPolicy(settings) });
}

/** What an lcore is sending again: packets `at` to `n` of `buffers`. */
class Retry {
  readonly buffers: Int32Array = new Int32Array(0);
  stream: Stream | null = null;
  at = 0;
  n = 0;
  tries = 0;

  constructor(burst: number) {
    this.buffers = new Int32Array(burst);
  }
}

class Testpmd implements Dataplane {
  readonly name: string;
  readonly #env: Env;
  readonly #settings: TestpmdSettings;
  readonly #ports: readonly Port[];
  readonly #streams: Stream[] = [];
  readonly #burst: Int32Array = new Int32Array(0);
  readonly #packetCycles: number = 0;
  readonly #delayCycles: number = 0;
  readonly #retries: readonly Retry[];

  constructor(env: Env, settings: TestpmdSettings) {
    const { mode, burst, recordBurstStats, recordCoreCycles } = settings;
    this.name = `dpdk testpmd (${mode})`;
    this.#env = env;
    this.#settings = settings;
    this.#ports = startPorts(env, settings);
    this.#burst = new Int32Array(burst);
    this.#delayCycles = settings.burstTxDelayUs * env.cost("mhz");
    this.#retries = Array.from({ length: env.lcores }, () => new Retry(burst));
    this.#packetCycles = mode === "io"
      ? 0
      : env.cost(mode === "rxonly" ? "mbuf.free" : "frame.rewrite");
    // who counts empty bursts, or reads the clock around them, changes something in an empty poll
    const stateless = !recordBurstStats && !recordCoreCycles;
    for (let lcore = 0; lcore < env.lcores; lcore++) {
      for (let port = 0; port < this.#ports.length; port++) {
        const stream = new Stream(port, lcore, this.#egressOf(port), burst);
        stream.context = env.spawn(lcore, "thread", (cpu) => this.#turn(cpu, stream), stateless);
        this.#streams.push(stream);
      }
    }
    if (settings.commands.length > 0) new Prompt(env, settings.commands, this.#streams);
  }

  report(): ReportRow[] {
    return testpmdReport(this.#env, this.#settings, this.#streams);
  }

  #egressOf(port: number): number {
    const { topology } = this.#settings;
    if (topology === "loop") return port;
    const next = (port + 1) % this.#ports.length;
    if (topology === "chained") return next;
    if (port % 2 === 1) return port - 1;
    // an odd last port pairs with itself
    return next === 0 ? port : next;
  }

  /** One burst of a stream, or what its lcore is still busy with; the cycles count if anything was done. */
  #turn(cpu: Cpu, stream: Stream): number {
    const retry = this.#retries[cpu.lcore]!;
    if (retry.stream !== null) return this.#sendAgain(cpu, retry, retry.stream);
    if (!stream.forwarding) {
      cpu.sleep();
      return 0;
    }
    if (!this.#settings.recordCoreCycles) return this.#forward(cpu, stream);
    const before = cpu.tsc();
    const n = this.#forward(cpu, stream);
    if (n > 0) stream.busyCycles += cpu.tsc() - before;
    return n;
  }

  #forward(cpu: Cpu, stream: Stream): number {
    const burst = this.#burst;
    const n = this.#ports[stream.rxPort]!.rxBurst(cpu, stream.queue, burst, burst.length);
    if (this.#settings.recordBurstStats) stream.rxBursts.add(n);
    if (n === 0) return 0;
    stream.rxPackets += n;
    cpu.charge(n * this.#packetCycles);
    if (this.#settings.mode === "rxonly") {
      for (let i = 0; i < n; i++) this.#env.drop(cpu, burst[i]!, REASON.consumed);
      return n;
    }
    if (this.#settings.mode !== "io") {
      for (let i = 0; i < n; i++) this.#writeMacs(burst[i]!, stream.txPort);
    }
    const sent = this.#ports[stream.txPort]!.txBurst(cpu, stream.queue, burst, 0, n);
    if (this.#settings.recordBurstStats) stream.txBursts.add(sent);
    stream.txPackets += sent;
    if (sent < n && this.#settings.retry) this.#keep(cpu, stream, sent, n);
    else this.#giveUp(cpu, stream, burst, sent, n);
    return n;
  }

  /** Keeps what was refused; the lcore waits before it tries again. */
  #keep(cpu: Cpu, stream: Stream, at: number, n: number): void {
    const retry = this.#retries[cpu.lcore]!;
    retry.buffers.set(this.#burst);
    retry.stream = stream;
    retry.at = at;
    retry.n = n;
    retry.tries = 0;
    cpu.charge(this.#delayCycles);
  }

  #sendAgain(cpu: Cpu, retry: Retry, stream: Stream): number {
    const { buffers, at, n } = retry;
    const sent = this.#ports[stream.txPort]!.txBurst(cpu, stream.queue, buffers, at, n - at);
    stream.txPackets += sent;
    retry.at += sent;
    if (retry.at < n && ++retry.tries < this.#settings.burstTxRetryNum) {
      cpu.charge(this.#delayCycles);
    } else {
      this.#giveUp(cpu, stream, buffers, retry.at, n);
      retry.stream = null;
    }
    return 1;
  }

  #giveUp(cpu: Cpu, stream: Stream, buffers: Int32Array, at: number, n: number): void {
    stream.fwdDropped += n - at;
    for (let i = at; i < n; i++) this.#env.drop(cpu, buffers[i]!, REASON["tx-full"]);
  }

  #writeMacs(b: number, egress: number): void {
    const { memory: { bytes, offset }, neighbours: { portMac } } = this.#env;
    const at = offset[b]!;
    if (this.#settings.mode === "mac") {
      bytes.fill(0, at, at + 6);
      bytes[at] = 2;
      bytes[at + 5] = egress;
      for (let i = 0; i < 6; i++) bytes[at + 6 + i] = portMac[egress * 6 + i]!;
      return;
    }
    for (let i = at; i < at + 6; i++) {
      const dst = bytes[i]!;
      bytes[i] = bytes[i + 6]!;
      bytes[i + 6] = dst;
    }
  }
}
