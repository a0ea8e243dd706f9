/**
 * devmap: frames to other interfaces, gathered by target (struct xdp_dev_bulk_queue, one for each device and CPU), at
 * most 16, sent by one ndo_xdp_xmit with one doorbell when 16 are there or when the NAPI poll is over. The second
 * program of an entry sees each of them before. What the driver's ring has no descriptor for is freed: there is no
 * queue behind it and nobody is told but the tracepoint.
 *
 * Who owns what: a page belongs to the bulk queue from `enqueue` on, to the transmit ring from `xmitFrame` on, and comes
 * back to the pool when the device has sent it. Source: kernel/bpf/devmap.c.
 */
import type { Program } from "../../core/bpf/mod.ts";
import type { FrameOwner } from "../../core/linux/ixgbe_tx.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import { txRingOf, type XdpDevices } from "./devices.ts";
import { XDP } from "./helpers.ts";
import type { ProgramRunner } from "./run.ts";
import type { Tracepoints } from "./tracepoints.ts";

/** Frames of a bulk queue (DEV_MAP_BULK_SIZE). */
export const DEV_MAP_BULK_SIZE = 16;

interface BulkQueue {
  readonly port: number;
  readonly frames: Int32Array;
  /** Port that each came in on. */
  readonly from: Int32Array;
  count: number;
  /** Second program of the entry that the frames came by. */
  program: Program | null;
  listed: boolean;
}

/** The bulk queues of one CPU. */
export class Devmap {
  readonly #devices: XdpDevices;
  readonly #owner: FrameOwner;
  readonly #points: Tracepoints;
  readonly #runner: ProgramRunner;
  readonly #queues: BulkQueue[];
  /** Queues that hold something, in the order in which they came to (dev_flush_list). */
  readonly #flushList: BulkQueue[] = [];

  constructor(
    devices: XdpDevices,
    points: Tracepoints,
    runner: ProgramRunner,
    owner: FrameOwner,
  ) {
    this.#devices = devices;
    this.#points = points;
    this.#runner = runner;
    this.#owner = owner;
    this.#queues = devices.list.map(({ port }) => ({
      port,
      frames: new Int32Array(DEV_MAP_BULK_SIZE),
      from: new Int32Array(DEV_MAP_BULK_SIZE),
      count: 0,
      program: null,
      listed: false,
    }));
  }

  /** Frames that wait for a flush. */
  get waiting(): number {
    return this.#queues.reduce((sum, { count }) => sum + count, 0);
  }

  /** A frame for `port` (bq_enqueue); an entry with another program flushes what came before. */
  enqueue(cpu: Cpu, page: number, from: number, port: number, program: Program | null): void {
    const queue = this.#queues[port]!;
    this.#points.devmapEnqueued++;
    if (queue.count === DEV_MAP_BULK_SIZE) this.#xmitAll(cpu, queue);
    if (queue.count > 0 && queue.program !== program) this.#xmitAll(cpu, queue);
    queue.program = program;
    queue.frames[queue.count] = page;
    queue.from[queue.count++] = from;
    if (queue.listed) return;
    queue.listed = true;
    this.#flushList.push(queue);
  }

  /** The poll is over (__dev_flush). */
  flush(cpu: Cpu): void {
    for (const queue of this.#flushList) {
      this.#xmitAll(cpu, queue);
      queue.listed = false;
    }
    this.#flushList.length = 0;
  }

  /** bq_xmit_all: second program, then one ndo_xdp_xmit with XDP_XMIT_FLUSH. */
  #xmitAll(cpu: Cpu, queue: BulkQueue): void {
    const devices = this.#devices;
    const points = this.#points;
    const left = this.#runProgram(cpu, queue);
    queue.count = 0;
    if (left === 0) return;
    const tx = txRingOf(devices, queue.port, cpu.lcore);
    cpu.charge(devices.costs.devmap_xmit + left * devices.costs.tx);
    points.devmapCalls++;
    points.devmapMost = Math.max(points.devmapMost, left);
    for (let i = 0; i < left; i++) {
      const page = queue.frames[i]!;
      if (tx.xmitFrame(cpu, page, this.#owner)) {
        points.devmapSent++;
        continue;
      }
      points.devmapDrops++;
      devices.env.drop(cpu, page, REASON["tx-full"], tx.place, tx.used);
    }
    tx.flush(cpu);
  }

  /** Runs the second program on all frames of a queue; answers how many are left, in order. */
  #runProgram(cpu: Cpu, queue: BulkQueue): number {
    const { count, program, frames, from, port } = queue;
    if (program === null) return count;
    let left = 0;
    for (let i = 0; i < count; i++) {
      const page = frames[i]!;
      this.#points.egressRuns++;
      const verdict = this.#runner.run(cpu, program, page, from[i]!, 0, port);
      if (verdict === XDP.PASS) {
        frames[left] = page;
        from[left++] = from[i]!;
        continue;
      }
      if (verdict !== XDP.DROP) this.#points.exception++;
      this.#points.devmapProgDrops++;
      this.#devices.env.drop(cpu, page, REASON.consumed);
    }
    return left;
  }
}
