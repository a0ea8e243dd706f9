/**
 * The process behind the sockets of one CPU: xdpsock in mode l2fwd, with one UMEM for the sockets of all ports. What a
 * port receives leaves by its partner, addresses exchanged, in the chunk that it came in; a chunk whose frame was sent
 * goes back to the FILL ring that it came from. What the partner's TX ring has no room for stays in the RX ring.
 *
 * It waits in poll(2), or spins over the rings, or polls the driver itself (SO_PREFER_BUSY_POLL). It sleeps only when
 * nothing of its own is under way, so that no completion is left lying. Source: xdp-project bpf-examples, AF_XDP-example.
 */
import { Process, processCosts } from "../../../core/host/process.ts";
import type { QVector } from "../../../core/linux/ixgbe.ts";
import type { Cpu, Env } from "../../../core/stack.ts";
import type { XdpDevices } from "../devices.ts";
import type { XskKernel } from "./kernel.ts";
import type { XskSocket } from "./socket.ts";
import type { Umem } from "./umem.ts";

/** Descriptors of one look at a ring (opt_batch_size), and of a busy poll (SO_BUSY_POLL_BUDGET). */
export const BATCH_SIZE = 64;

/** How a process waits for frames. */
export type XskWait = "poll" | "spin" | "busy-poll";

/** What the process is built on. */
export interface AppParts {
  readonly env: Env;
  readonly devices: XdpDevices;
  readonly xsk: XskKernel;
  readonly umem: Umem;
  /** Sockets by port. */
  readonly sockets: readonly XskSocket[];
  readonly wait: XskWait;
  readonly needWakeup: boolean;
}

/** One process. */
export class XskApp {
  readonly process: Process;
  /** Chunks that are in no ring: those that wait for room in the FILL ring of each port. */
  readonly held: number[][];
  /** Frames in TX, in flight or in COMPLETION. */
  outstanding = 0;
  /** sendto(), poll(), recvfrom() made. */
  readonly calls = { sendto: 0, poll: 0, recvfrom: 0 };
  forwarded = 0;
  readonly #parts: AppParts;
  readonly #lcore: number;
  /** Port whose FILL ring a chunk belongs to. */
  readonly #home: Int32Array;

  /** Fills the FILL rings and starts the process on a CPU; chunk i is the home of port i modulo the ports. */
  constructor(parts: AppParts, lcore: number) {
    const { umem, sockets, wait, env } = parts;
    this.#parts = parts;
    this.#lcore = lcore;
    this.#home = Int32Array.from({ length: umem.count }, (_, chunk) => chunk % sockets.length);
    this.held = sockets.map((_, port) =>
      Array.from({ length: umem.count }, (_, chunk) => chunk)
        .filter((chunk) => this.#home[chunk] === port)
    );
    for (const socket of sockets) this.#refill(socket);
    this.process = new Process(
      env,
      lcore,
      processCosts(env),
      (cpu) => this.#run(cpu),
      wait === "spin",
    );
  }

  /** One turn of its loop; answers the frames and chunks that it moved. */
  #run(cpu: Cpu): number {
    const { sockets, wait, devices } = this.#parts;
    cpu.charge(devices.costs.xsk_ring * sockets.length);
    let work = 0;
    if (wait === "busy-poll") work += this.#busyPoll(cpu);
    for (const socket of sockets) work += this.#complete(socket);
    for (const socket of sockets) work += this.#refill(socket);
    for (const socket of sockets) work += this.#forward(cpu, socket);
    for (const socket of sockets) work += this.#kick(cpu, socket);
    if (work === 0 && wait === "poll" && this.outstanding === 0) {
      this.calls.poll++;
      this.process.call(cpu);
      this.process.block(cpu);
      return 1;
    }
    return work;
  }

  #complete(socket: XskSocket): number {
    const { completion } = socket;
    let n = 0;
    for (let at = completion.peek(); at >= 0; at = completion.peek(), n++) {
      const chunk = socket.umem.chunkAt(completion.addr[at]!);
      this.held[this.#home[chunk]!]!.push(chunk);
    }
    completion.release();
    this.outstanding -= n;
    return n;
  }

  #refill(socket: XskSocket): number {
    const held = this.held[socket.port]!;
    let n = 0;
    while (held.length > 0 && socket.fill.reserve(socket.umem.addrOf(held[held.length - 1]!))) {
      held.pop();
      n++;
    }
    socket.fill.submit();
    return n;
  }

  #forward(cpu: Cpu, socket: XskSocket): number {
    const { sockets, umem, devices, env } = this.#parts;
    const { bytes } = env.memory;
    const peer = sockets[partner(socket.port, sockets.length)]!;
    let n = 0;
    for (; n < BATCH_SIZE; n++) {
      const at = socket.rx.peek();
      if (at < 0) break;
      const [addr, len] = [socket.rx.addr[at]!, socket.rx.len[at]!];
      if (!peer.tx.reserve(addr, len)) {
        socket.rx.unpeek();
        break;
      }
      const buffer = umem.bufferOf(umem.chunkAt(addr));
      swapMacs(bytes, env.memory.offset[buffer]!);
    }
    if (n === 0) return 0;
    cpu.charge(n * devices.costs.xsk_app);
    socket.rx.release();
    peer.tx.submit();
    this.outstanding += n;
    this.forwarded += n;
    return n;
  }

  /** Wakes the kernel where it has to be: sendto() for frames to send, recvfrom() for an empty receive ring. */
  #kick(cpu: Cpu, socket: XskSocket): number {
    const { xsk, needWakeup, wait } = this.#parts;
    if (!socket.zeroCopy) {
      if (socket.tx.count === 0) return 0;
      this.calls.sendto++;
      this.process.call(cpu);
      xsk.transmit.send(cpu, socket);
      return 1;
    }
    const { napi, rx } = this.#queue(socket.port);
    const hungry = socket.dry && socket.fill.count > 0 && rx.wantsPages;
    if (wait === "busy-poll" || !(socket.tx.count > 0 || hungry)) return 0;
    // NEED_WAKEUP: the kernel says itself that nobody is going to look at the rings
    if (needWakeup && napi.scheduled) return 0;
    if (socket.tx.count > 0) this.calls.sendto++;
    else this.calls.recvfrom++;
    this.process.call(cpu);
    const { softnets } = this.#parts.devices.kernel;
    softnets[this.#lcore]!.napiSchedule(cpu, this.#queue(socket.port).napi);
    return 1;
  }

  #busyPoll(cpu: Cpu): number {
    let work = 0;
    for (const { port } of this.#parts.sockets) {
      this.calls.recvfrom++;
      this.process.call(cpu);
      work += this.#queue(port).busyPoll(cpu, BATCH_SIZE);
    }
    return work;
  }

  #queue(port: number): QVector {
    const { kernel, list } = this.#parts.devices;
    return kernel.vectors[this.#lcore * list.length + port]!;
  }
}

function swapMacs(bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 6; i++) {
    const dst = bytes[at + i]!;
    bytes[at + i] = bytes[at + 6 + i]!;
    bytes[at + 6 + i] = dst;
  }
}

/** Ports 2k and 2k+1 are each other's, an odd last one its own. */
export function partner(port: number, ports: number): number {
  const other = port ^ 1;
  return other < ports ? other : port;
}
