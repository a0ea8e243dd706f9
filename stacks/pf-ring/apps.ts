/**
 * Processes on open rings, as the examples are written: one that routes what it receives and sends it (pfbridge), one
 * that counts it (pfcount), one that sends frames of its own (pfsend). The first two read until the ring is empty or its turn is over, then wait: in poll(2), or by
 * looking again.
 *
 * The router changes a packet where it lies, in the mapped ring, and gives these bytes to pfring_send. Where the kernel
 * has no memory for a skb, the packet stays in the ring and is sent again.
 *
 * Source: PF_RING 8.9.0, userland/examples/pfbridge.c, pfcount.c, pfsend.c; RFC 1812, 5.2.
 */
import { Process, type ProcessCosts } from "../../core/host/process.ts";
import { checkFrame, ipv4Dst, rewriteFrame } from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { ModuleCosts } from "./module_costs.ts";
import type { ApplicationSettings } from "./settings.ts";
import { pcapNextEx } from "./pcap.ts";
import { OWN, type PfRing } from "./pfring.ts";

/** Packets that a process takes before others on its lcore get their turn: the scheduler shares out time, not packets. */
const TURN = 256;

/** A process with one ring. */
export class PfRingProcess {
  readonly name: string;
  readonly ring: PfRing;
  readonly process: Process;
  packets = 0;
  bytes = 0;
  /** Packets given to pfring_send in vain (pfbridge: num_errors). */
  sendErrors = 0;
  /** It reads no more for now, or is gone. */
  stopped = false;
  killed = false;
  readonly #env: Env;
  readonly #costs: ModuleCosts;
  readonly #app: ApplicationSettings;
  readonly #buffer: Uint8Array;
  /** Port that a packet, already rewritten, is to leave by once there is memory; -1 when there is none such. */
  #egress = -1;

  constructor(
    env: Env,
    lcore: number,
    costs: { readonly module: ModuleCosts; readonly process: ProcessCosts },
    app: ApplicationSettings,
    ring: PfRing,
  ) {
    this.name = ring.socket.setup.name;
    this.ring = ring;
    this.#env = env;
    this.#costs = costs.module;
    this.#app = app;
    app.savefile?.begin(app.caplen);
    this.#buffer = new Uint8Array(Math.max(app.copies ? app.caplen : 0, app.frameBytes));
    this.process = new Process(
      env,
      lcore,
      costs.process,
      (cpu) => this.#poll(cpu),
      app.wait === "active",
    );
    ring.socket.reader = this.process;
    ring.socket.spins = app.wait === "active";
  }

  /** A signal: to stop, to go on, to end. */
  signal(cpu: Cpu, what: "stop" | "continue" | "kill"): void {
    if (this.killed) return;
    if (what === "kill") {
      this.killed = true;
      this.ring.close(cpu);
    } else this.stopped = what === "stop";
    this.process.wake(cpu);
  }

  /** pfsend: one frame of its own after the other, as fast as it can, until there have been so many. */
  #generate(cpu: Cpu): number {
    const { frames, frameBytes } = this.#app;
    if (this.packets >= frames) {
      this.process.block(cpu);
      return 1;
    }
    const what = { bytes: this.#buffer, at: 0, length: frameBytes, copy: OWN };
    const [port] = this.ring.socket.setup.ports;
    if (this.ring.send(cpu, this.process, port!, what) === "sent") this.packets++;
    else this.sendErrors++;
    return 1;
  }

  #poll(cpu: Cpu): number {
    if (this.#app.application === "pfsend" && !this.killed) return this.#generate(cpu);
    if (this.stopped || this.killed) {
      this.process.block(cpu);
      return 1;
    }
    let n = 0;
    while (n < TURN && this.#next(cpu)) {
      cpu.charge(this.#app.packetCycles);
      const done = this.#app.application === "router" ? this.#route(cpu) : this.#count(cpu);
      // ENOBUFS: a system call was made, so this was no empty poll
      if (!done) return n + 1;
      n++;
    }
    if (n > 0 || this.#app.wait === "active") return n;
    this.ring.poll(cpu, this.process);
    return 1;
  }

  #next(cpu: Cpu): boolean {
    return this.#app.copies ? this.ring.recvInto(cpu, this.#buffer) > 0 : this.ring.recv(cpu);
  }

  #count(cpu: Cpu): boolean {
    cpu.charge(this.#costs.app);
    if (this.#app.savefile !== null) this.#app.savefile.dump(pcapNextEx(cpu, this.ring)!);
    this.packets++;
    this.bytes += this.ring.hdr.len;
    this.ring.consume(cpu, REASON.consumed);
    return true;
  }

  /** Forwards a packet or ends it; false when it has to be tried again. */
  #route(cpu: Cpu): boolean {
    const { ring } = this;
    if (this.#egress < 0) {
      cpu.charge(this.#costs.route);
      const reason = this.#rewrite();
      if (reason !== REASON.none) {
        this.packets++;
        ring.consume(cpu, reason);
        return true;
      }
    }
    const result = ring.forward(cpu, this.process, this.#egress);
    if (result === "no-buffer") return false;
    if (result === "dropped") this.sendErrors++;
    this.#egress = -1;
    this.packets++;
    this.bytes += ring.caplen;
    ring.done(cpu);
    return true;
  }

  /** Rewrites the packet in the ring and sets its egress port, or answers why not. */
  #rewrite(): number {
    const { neighbours, fib } = this.#env;
    const { bytes, at, caplen } = this.ring;
    const reason = checkFrame(bytes, at, caplen);
    if (reason !== REASON.none) return reason;
    const nextHop = fib.lookup(ipv4Dst(bytes, at + 14));
    if (nextHop < 0) return REASON["no-route"];
    rewriteFrame(bytes, at, neighbours, nextHop);
    this.#egress = neighbours.port[nextHop]!;
    return REASON.none;
  }
}
