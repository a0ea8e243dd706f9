/**
 * XDP in a driver's NAPI poll: the program runs on each received page before there is an skb, and its verdict is
 * carried out. At the end of the poll everything that was gathered is flushed and every doorbell rung (xdp_do_flush), so
 * no frame waits across polls. Source: ixgbe_run_xdp; net/core/filter.c (xdp_do_redirect).
 *
 * In generic mode (skb mode) the program runs behind the skb: what it does to a frame is the same, what the frame has
 * cost by then is the kernel's, and nothing is gathered (net/core/dev.c, do_xdp_generic).
 */
import type { Program } from "../../core/bpf/mod.ts";
import type { FrameOwner, TxRing } from "../../core/linux/ixgbe_tx.ts";
import type { RxHook } from "../../core/linux/ixgbe_rx.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import type { TargetCpu } from "./cpumap.ts";
import { txRingOf, type XdpDevices } from "./devices.ts";
import { Devmap } from "./devmap.ts";
import { XDP } from "./helpers.ts";
import type { HookParts } from "./hook_parts.ts";
import { wordAt } from "./redirect_info.ts";
import { ProgramRunner } from "./run.ts";
import { newTracepoints, type Tracepoints } from "./tracepoints.ts";
import { portOf } from "./xdp_buff.ts";

/** XDP on one CPU. */
export class XdpHook implements RxHook, TargetCpu, FrameOwner {
  readonly points: Tracepoints = newTracepoints();
  readonly runner: ProgramRunner;
  readonly devmap: Devmap;
  readonly #parts: HookParts;
  readonly #devices: XdpDevices;
  readonly #doorbells: TxRing[] = [];
  /** Polls that ended with a frame still waiting: none, ever. */
  leftBehind = 0;
  readonly lcore: number;

  constructor(parts: HookParts, lcore: number, mhz: number) {
    const { devices, dump, meta } = parts;
    this.#parts = parts;
    this.#devices = devices;
    this.lcore = lcore;
    this.runner = new ProgramRunner(devices, lcore, mhz, meta, dump);
    this.devmap = new Devmap(devices, this.points, this.runner, this);
  }

  take(cpu: Cpu, page: number, port: number, queue: number): boolean {
    const { program } = this.#devices.list[port]!;
    if (program === null) {
      this.points.bypassed++;
      return this.#pass(cpu, page, port);
    }
    const { costs, mode } = this.#devices;
    const generic = mode === "generic";
    // what an earlier frame in this page had in front of it is gone
    if (this.#parts.meta.size > 0) this.#parts.meta.delete(page);
    const verdict = this.runner.run(cpu, program, page, port, queue, -1);
    if (verdict > XDP.REDIRECT) this.points.unknown++;
    this.points.action[verdict > XDP.REDIRECT ? XDP.ABORTED : verdict]!++;
    if (verdict === XDP.PASS) {
      cpu.charge(generic ? costs.generic : costs.pass);
      return this.#pass(cpu, page, port);
    }
    cpu.charge(generic ? costs.generic + this.#parts.skbCycles.before : costs.rx);
    switch (verdict) {
      case XDP.TX:
        this.#tx(cpu, page, port);
        break;
      case XDP.REDIRECT:
        this.redirect(cpu, page, port, queue);
        break;
      case XDP.DROP:
        this.#recycle(cpu, page, REASON.consumed);
        break;
      default:
        this.points.exception++;
        this.#recycle(cpu, page, REASON.other);
    }
    if (generic) this.flush(cpu);
    return true;
  }

  /** XDP_PASS: the driver goes on, unless the page is a process's and the skb needs one of its own. */
  #pass(cpu: Cpu, page: number, port: number): boolean {
    const own = this.#leave(cpu, page);
    if (own === page) return false;
    if (own < 0) {
      this.points.passLost++;
      return true;
    }
    const { kernel } = this.#devices;
    cpu.charge(this.#parts.skbCycles.rx);
    kernel.receivers[cpu.lcore]!.receive(cpu, kernel.skbs[cpu.lcore]!.build(cpu, own), port);
    return true;
  }

  /** A page of the kernel's with the frame; -1, and the packet ended, where there is none. */
  #leave(cpu: Cpu, page: number): number {
    const { xsk } = this.#parts;
    const own = xsk === null ? page : xsk.leave(cpu, page);
    if (own < 0) xsk!.drop(cpu, page, REASON["no-buffer"]);
    return own;
  }

  /** XDP_TX: back out of the port, the doorbell at the end of the poll. */
  #tx(cpu: Cpu, received: number, port: number): void {
    const page = this.#leave(cpu, received);
    if (page < 0) return;
    const tx = txRingOf(this.#devices, port, cpu.lcore);
    const { costs, mode } = this.#devices;
    cpu.charge(mode === "generic" ? this.#parts.skbCycles.xmit : costs.tx);
    if (!tx.xmitFrame(cpu, page, this)) {
      this.points.exception++;
      this.points.txFull++;
      this.#devices.env.drop(cpu, page, REASON["tx-full"], tx.place, tx.used);
      return;
    }
    this.points.txSent++;
    if (!this.#doorbells.includes(tx)) this.#doorbells.push(tx);
  }

  /** xdp_do_redirect: to where the helper said. */
  redirect(cpu: Cpu, received: number, port: number, queue: number): void {
    const { costs, list, bpf } = this.#devices;
    const { map, index, slot } = this.runner.redirect;
    cpu.charge(costs.redirect);
    const { xsk } = this.#parts;
    if (map !== null && map.spec.type === "xskmap" && xsk !== null) {
      // what a socket refuses it has counted and dropped itself
      const taken = xsk.receive(cpu, received, port, queue, wordAt(map.values, slot));
      if (taken) this.points.redirect++;
      else this.points.redirectErr++;
      return;
    }
    const page = this.#leave(cpu, received);
    if (page < 0) return;
    let sent: boolean;
    if (map === null) {
      sent = this.#toDevice(cpu, page, port, portOf(index, list.length), null);
    } else if (map.spec.type === "cpumap") {
      sent = this.#toCpu(cpu, page, queue, index);
    } else {
      const program = map.spec.valueSize === 8 ? wordAt(map.values, slot + 4) : 0;
      const target = portOf(wordAt(map.values, slot), list.length);
      sent = this.#toDevice(cpu, page, port, target, bpf.programs[program - 1] ?? null);
    }
    if (sent) {
      this.points.redirect++;
      return;
    }
    // a redirect that leads nowhere: a tracepoint, and the page is freed
    this.points.redirectErr++;
    this.#recycle(cpu, page, REASON.other);
  }

  #toCpu(cpu: Cpu, page: number, queue: number, index: number): boolean {
    const entry = this.#parts.cpus[index];
    if (entry === undefined) return false;
    entry.enqueue(cpu, page, queue, this.points);
    return true;
  }

  /** xdp_ok_fwd_dev: the interface is up, can send, and takes this length: its MTU, an Ethernet header, a tag. */
  #toDevice(cpu: Cpu, page: number, from: number, to: number, program: Program | null): boolean {
    const device = this.#devices.list[to];
    if (device === undefined || !device.up || !device.ndoXdpXmit) return false;
    if (this.#devices.env.memory.length[page]! > device.mtu + 14 + 4) return false;
    this.devmap.enqueue(cpu, page, from, to, program);
    return true;
  }

  /** Frees a page. */
  #recycle(cpu: Cpu, page: number, reason: number): void {
    if (this.#devices.mode === "generic") cpu.charge(this.#parts.skbCycles.free);
    if (this.#parts.meta.size > 0) this.#parts.meta.delete(page);
    const { xsk } = this.#parts;
    if (xsk === null) this.#devices.env.drop(cpu, page, reason);
    else xsk.drop(cpu, page, reason);
  }

  /** xdp_do_flush, and the doorbells that XDP_TX has put off. */
  flush(cpu: Cpu): void {
    this.devmap.flush(cpu);
    for (const entry of this.#parts.cpus) entry?.flush(cpu, this.points);
    if (this.#parts.xsk !== null) this.#parts.xsk.flush(cpu);
    for (const tx of this.#doorbells) tx.flush(cpu);
    this.#doorbells.length = 0;
    const { lcore } = cpu;
    const inCpus = this.#parts.cpus.some((entry) =>
      entry !== undefined && entry.waiting(lcore) > 0
    );
    if (this.devmap.waiting > 0 || inCpus) this.leftBehind++;
  }

  /** A frame was sent (xdp_return_frame): its page goes back. */
  sent(cpu: Cpu, frame: number): void {
    const { costs, env } = this.#devices;
    cpu.charge(costs.tx_clean);
    this.points.returned++;
    env.pool.put(cpu.lcore, frame);
  }
}
