/**
 * The character device of ps_ixgbe, as a process has it open (ps_context), with its six ioctls. A receive queue is
 * attached to one context at most. While it is, its interrupt is masked, but when a blocking RECV_CHUNK has found
 * nothing in any attached queue: then the vectors are unmasked and the caller sleeps; the handler wakes it.
 *
 * Answers are the kernel's: a count, or less than zero for an error.
 *
 * Source: ANLAB-KAIST/Packet-IO-Engine, driver ps_ixgbe (ps_ioctl.c) and library psio.
 */
import type { Context } from "../../core/host/context.ts";
import type { Process } from "../../core/host/process.ts";
import type { Cpu } from "../../core/stack.ts";
import { CHUNK_MAX, type PsChunk } from "./chunk.ts";
import type { HostStack } from "./host_stack.ts";
import type { PsRxRing } from "./ps_rx_ring.ts";
import { ATTACHED_MAX, ERRNO, type PsCounters, type PsDevice, type PsDriver } from "./ps_driver.ts";

/** An open handle. */
export class PsContext {
  readonly node: number;
  readonly process: Process;
  readonly rings: PsRxRing[] = [];
  readonly counters: PsCounters[];
  /** Times that it slept in RECV_CHUNK, and interrupts that woke it. */
  sleeps = 0;
  wakes = 0;
  /** Interrupts taken for its queues, and those that found no packet. */
  interrupts = 0;
  spurious = 0;
  /** Packets that crossed to or from the other node. */
  remotePackets = 0;
  readonly #driver: PsDriver;
  readonly #host: HostStack;
  #nextRing = 0;
  /** In RECV_CHUNK, asleep or just woken: the call goes on. */
  #inCall = false;
  /** Asleep, and not woken yet. */
  #waiting = false;

  constructor(driver: PsDriver, host: HostStack, process: Process, node: number) {
    this.#driver = driver;
    this.#host = host;
    this.process = process;
    this.node = node;
    this.counters = driver.devices.map(() => ({
      ...{ rxChunks: 0, rxPackets: 0, rxBytes: 0, txChunks: 0, txPackets: 0, txBytes: 0 },
    }));
  }

  /** LIST_DEVICES. */
  listDevices(cpu: Cpu): readonly PsDevice[] {
    this.process.call(cpu);
    return this.#driver.devices;
  }

  /** ATTACH_RX_DEVICE: the queue is this context's, its vector masked. */
  attachRxDevice(cpu: Cpu, ifindex: number, qidx: number): number {
    this.process.call(cpu);
    const ring = this.#driver.rx[ifindex]?.[qidx];
    if (ring === undefined || ring === null) return ERRNO.ENODEV;
    const { attached, audit } = this.#driver;
    if (attached.has(ifindex * 64 + qidx)) return ERRNO.EBUSY;
    if (this.rings.length === ATTACHED_MAX) return ERRNO.EINVAL;
    attached.set(ifindex * 64 + qidx, this);
    this.rings.push(ring);
    audit.attached(this, ring);
    return 0;
  }

  /** DETACH_RX_DEVICE: only who attached a queue detaches it. */
  detachRxDevice(cpu: Cpu, ifindex: number, qidx: number): number {
    this.process.call(cpu);
    const { attached, audit } = this.#driver;
    if (attached.get(ifindex * 64 + qidx) !== this) return ERRNO.ENOENT;
    attached.delete(ifindex * 64 + qidx);
    const at = this.rings.findIndex(({ port, queue }) => port === ifindex && queue === qidx);
    const [ring] = this.rings.splice(at, 1);
    this.#nextRing = 0;
    audit.detached(this, ring!);
    return 0;
  }

  /**
   * RECV_CHUNK: up to `cnt` packets of the first attached queue that has some, in turn. Finding none it answers
   * EWOULDBLOCK, or sleeps if `blocking` and answers 0: the call is to be made again when the process runs again. A
   * call in vain that does not block costs its time and is not counted.
   */
  recvChunk(cpu: Cpu, chunk: PsChunk, cnt: number, blocking: boolean): number {
    const { rings } = this;
    const { costs } = this.#driver;
    if (!(cnt >= 1 && cnt <= CHUNK_MAX)) return ERRNO.EINVAL;
    for (let i = 0; i < rings.length; i++) {
      const at = (this.#nextRing + i) % rings.length;
      const ring = rings[at]!;
      ring.ring.waiter = cpu as Context;
      if (!ring.ready) continue;
      this.#nextRing = (at + 1) % rings.length;
      this.#enter(cpu, costs.recvChunk);
      this.#inCall = false;
      const { bytes } = ring;
      const n = ring.recv(cpu, chunk, cnt);
      return this.#count(cpu, ring.port, n, ring.bytes - bytes);
    }
    if (!blocking) {
      cpu.charge(costs.syscall + costs.emptyCall);
      return ERRNO.EWOULDBLOCK;
    }
    this.#enter(cpu, costs.emptyCall);
    this.#sleep(cpu);
    return 0;
  }

  /** SEND_CHUNK: packets `at..at + n - 1` of a view, all or none. */
  sendChunk(cpu: Cpu, ifindex: number, chunk: PsChunk, at: number, n: number): number {
    const { costs, devices } = this.#driver;
    const ring = this.#driver.tx[ifindex]?.[cpu.lcore];
    if (ring === undefined || ring === null) return ERRNO.ENODEV;
    if (n > ring.most) return ERRNO.EINVAL;
    const bytes = ring.bytes;
    if (ring.send(cpu, chunk, at, n) === 0) {
      cpu.charge(costs.syscall + costs.emptyCall);
      return 0;
    }
    this.process.call(cpu, costs.sendChunk);
    if (devices[ifindex]!.node !== this.node) this.#cross(cpu, n);
    const counters = this.counters[ifindex]!;
    counters.txChunks++;
    counters.txPackets += n;
    counters.txBytes += ring.bytes - bytes;
    return n;
  }

  /** SLOWPATH_PACKET: packet k as if the kernel had received it on the chunk's interface; false without memory. */
  slowpathPacket(cpu: Cpu, chunk: PsChunk, k: number): boolean {
    this.process.call(cpu, this.#driver.costs.slowpath);
    return this.#host.netifRx(cpu, chunk.first + k, chunk.reason[k]!);
  }

  /** The interrupt of an attached queue: masked by being raised. */
  interrupt(cpu: Cpu, ring: PsRxRing): void {
    this.interrupts++;
    this.#driver.audit.interrupted(ring);
    if (!this.#waiting) return;
    if (ring.ready) {
      this.#waiting = false;
      this.wakes++;
      this.process.wake(cpu);
      return;
    }
    // a transmit completion, which shares the vector: not what the process waits for
    this.spurious++;
    this.#unmask(cpu, ring);
  }

  #enter(cpu: Cpu, cycles: number): void {
    if (this.#inCall) cpu.charge(cycles);
    else this.process.call(cpu, cycles);
  }

  #count(cpu: Cpu, port: number, n: number, bytes: number): number {
    const { costs, devices, sharedStatistics } = this.#driver;
    if (devices[port]!.node !== this.node) this.#cross(cpu, n);
    if (sharedStatistics) cpu.charge(n * costs.sharedLine);
    const counters = this.counters[port]!;
    counters.rxChunks++;
    counters.rxPackets += n;
    counters.rxBytes += bytes;
    return n;
  }

  #cross(cpu: Cpu, n: number): void {
    this.remotePackets += n;
    cpu.charge(n * this.#driver.costs.remotePacket);
  }

  #sleep(cpu: Cpu): void {
    for (const ring of this.rings) this.#unmask(cpu, ring);
    this.sleeps++;
    this.#inCall = true;
    this.#waiting = true;
    this.process.block(cpu);
  }

  #unmask(cpu: Cpu, ring: PsRxRing): void {
    const { costs, sides, audit } = this.#driver;
    cpu.charge(costs.irqEnable);
    audit.unmasked(ring);
    sides[ring.port]!.irqEnable(cpu as Context, ring.queue);
  }
}
