/**
 * The kernel's half of AF_XDP. Receive: in copy mode a frame is copied into a chunk of the FILL ring and its page goes
 * back to the driver; in zero-copy mode the driver's own ring is filled with chunks and a redirect only hands the
 * descriptor over. Descriptors are published once for a NAPI poll, without a bulk queue. Transmit: in copy mode in the
 * system call of the process, at most 32 descriptors, each with a slot of the COMPLETION ring reserved first and an skb
 * of its own; in zero-copy mode by the driver in its poll, at most 32 for a socket and round.
 *
 * Source: net/xdp/xsk.c (xsk_rcv, __xsk_generic_xmit, xsk_tx_peek_desc), xsk_buff_pool.c.
 */
import type { PageSource } from "../../../core/linux/ixgbe_rx.ts";
import type { Process } from "../../../core/host/process.ts";
import type { Context } from "../../../core/host/context.ts";
import type { Memory } from "../../../core/memory/memory.ts";
import { REASON } from "../../../core/policy.ts";
import type { Cpu, Env } from "../../../core/stack.ts";
import type { XdpDevices } from "../devices.ts";
import type { XskReceiver } from "../hook_parts.ts";
import type { XskSocket } from "./socket.ts";
import { COPY_UNIT, XskTransmit } from "./transmit.ts";

/** All sockets of a machine. */
export class XskKernel implements XskReceiver {
  readonly sockets: XskSocket[] = [];
  /** Redirects to a socket of another port or queue. */
  mismatched = 0;
  readonly #env: Env;
  readonly #devices: () => XdpDevices;
  readonly #places: { readonly chunks: number; readonly rx: number }[] = [];
  readonly #chunks: number[] = [];
  /** The other half. */
  readonly transmit: XskTransmit;
  /** Process that waits in poll(2) for each socket. */
  readonly #waiters: (() => Process | null)[] = [];
  /** Sockets with descriptors that are not published yet, of each CPU. */
  readonly #flushList: XskSocket[][];

  constructor(env: Env, devices: () => XdpDevices) {
    this.#env = env;
    this.#devices = devices;
    this.transmit = new XskTransmit(env, devices, (cpu, socket) => this.#tell(cpu, socket));
    this.#flushList = Array.from({ length: env.lcores }, () => []);
  }

  /** Binds a socket; `chunks` is what its process will keep in its FILL ring. Answers its number, from 1. */
  bind(socket: XskSocket, chunks: number, waiter: () => Process | null): number {
    const { port, queue } = socket;
    this.sockets.push(socket);
    this.#chunks.push(chunks);
    this.#places.push({
      chunks: this.#env.place(`UMEM of port ${port} queue ${queue}`, chunks),
      rx: this.#env.place(`RX ring of port ${port} queue ${queue}`, socket.rx.size),
    });
    this.#waiters.push(waiter);
    return this.sockets.length;
  }

  /** Chunks for the receive ring of a queue that a socket in zero-copy mode will be bound to. */
  pages(port: number, queue: number): PageSource {
    return {
      get: () => {
        const socket = this.socketOf(port, queue);
        const chunk = socket === undefined ? -1 : socket.alloc();
        if (chunk < 0) return -1;
        const buffer = socket!.umem.bufferOf(chunk);
        socket!.posted.add(chunk);
        (this.#env.memory as Memory).refresh(buffer);
        return buffer;
      },
    };
  }

  /** The socket of a queue. */
  socketOf(port: number, queue: number): XskSocket | undefined {
    return this.sockets.find((one) => one.port === port && one.queue === queue);
  }

  /** xsk_rcv; what it refuses it drops. */
  receive(cpu: Cpu, page: number, port: number, queue: number, number: number): boolean {
    const socket = this.sockets[number - 1];
    if (socket === undefined || socket.port !== port || socket.queue !== queue) {
      this.mismatched++;
      this.drop(cpu, page, REASON.other);
      return false;
    }
    cpu.charge(this.#devices().costs.xsk_rcv);
    socket.offered++;
    return socket.zeroCopy && socket.umem.chunkOf(page) >= 0
      ? this.#hand(cpu, socket, number, page)
      : this.#copy(cpu, socket, number, page);
  }

  #copy(cpu: Cpu, socket: XskSocket, number: number, page: number): boolean {
    const { memory, pool } = this.#env;
    const { statistics, umem } = socket;
    const chunk = socket.alloc();
    if (chunk < 0) {
      statistics.rxDropped++;
      const [place, count] = [this.#places[number - 1]!.chunks, this.#chunks[number - 1]!];
      this.#env.drop(cpu, page, REASON["no-buffer"], place, count);
      return false;
    }
    if (socket.rx.room === 0) {
      socket.spare.push(chunk);
      return this.#full(cpu, socket, number, page);
    }
    const buffer = umem.bufferOf(chunk);
    const units = Math.ceil(memory.length[page]! / COPY_UNIT);
    cpu.charge(this.#devices().costs.xsk_copy + units - 1);
    (memory as Memory).refresh(buffer);
    memory.copy(page, buffer);
    pool.put(cpu.lcore, page);
    this.#publish(cpu, socket, chunk, memory.length[buffer]!);
    return true;
  }

  #hand(cpu: Cpu, socket: XskSocket, number: number, page: number): boolean {
    const chunk = socket.umem.chunkOf(page);
    if (socket.rx.room === 0) return this.#full(cpu, socket, number, page);
    socket.posted.delete(chunk);
    this.#publish(cpu, socket, chunk, this.#env.memory.length[page]!);
    return true;
  }

  #full(cpu: Cpu, socket: XskSocket, number: number, page: number): boolean {
    socket.statistics.rxRingFull++;
    this.drop(cpu, page, REASON["ring-full"], this.#places[number - 1]!.rx, socket.rx.size);
    return false;
  }

  #publish(cpu: Cpu, socket: XskSocket, chunk: number, length: number): void {
    socket.rx.reserve(socket.umem.addrOf(chunk), length);
    socket.received++;
    const list = this.#flushList[cpu.lcore]!;
    if (!list.includes(socket)) list.push(socket);
  }

  /** Ends a packet; the chunk of a page that is one goes to its socket's free list (xsk_buff_free). */
  drop(cpu: Cpu, page: number, reason: number, place = -1, occupancy = -1): void {
    const owner = this.ownerOf(page);
    const chunk = owner === undefined ? -1 : owner.umem.chunkOf(page);
    this.#env.drop(cpu, page, reason, place, occupancy);
    if (owner === undefined) return;
    owner.umem.rebind(chunk, cpu.lcore);
    owner.posted.delete(chunk);
    owner.spare.push(chunk);
  }

  /** The socket whose receive ring a page was posted to, if the page is a chunk. */
  ownerOf(page: number): XskSocket | undefined {
    const port = this.#env.memory.port[page]!;
    return this.sockets.find(({ umem, zeroCopy, port: own }) =>
      zeroCopy && own === port && umem.chunkOf(page) >= 0
    );
  }

  /**
   * What does not go to the socket leaves its UMEM: the frame is copied to a page of the kernel's, its chunk is free
   * again (ixgbe_construct_skb_zc, xdp_convert_zc_to_xdp_frame). Answers the page itself where it is no chunk, -1 where
   * there is no memory.
   */
  leave(cpu: Cpu, page: number): number {
    const socket = this.ownerOf(page);
    if (socket === undefined) return page;
    const { memory, pool } = this.#env;
    const copy = pool.get(cpu.lcore);
    if (copy < 0) return -1;
    const units = Math.ceil(memory.length[page]! / COPY_UNIT);
    cpu.charge(this.#devices().costs.xsk_copy + units - 1);
    memory.copy(page, copy);
    socket.posted.delete(socket.umem.chunkOf(page));
    socket.spare.push(socket.umem.chunkOf(page));
    return copy;
  }

  /** xsk_map_flush: one publication for a poll; then the drivers' half of transmission. */
  flush(cpu: Cpu): void {
    const list = this.#flushList[cpu.lcore]!;
    for (const socket of list) {
      socket.rx.submit();
      this.#tell(cpu, socket);
    }
    list.length = 0;
    for (const socket of this.sockets) {
      if (socket.zeroCopy && socket.queue === cpu.lcore) this.transmit.xmitZeroCopy(cpu, socket);
    }
  }

  /** A process that sleeps in poll(2) is woken, one that spins will see the ring. */
  #tell(cpu: Cpu, socket: XskSocket): void {
    const process = this.#waiters[this.sockets.indexOf(socket)]!();
    if (process === null) return;
    process.wake(cpu);
    (process.cpu as Context).notify();
  }
}
