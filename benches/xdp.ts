/**
 * XDP flat out: the hook of a driver's poll with a program by byte code, the kernel's table behind `bpf_fib_lookup`, and
 * the bulk queues of a devmap, over frames in memory. The transmit ring takes everything; there is no machine, and
 * nothing that waits for an interrupt.
 */
import { Bpf, type Cpu, createFib4, type Env, Memory, type Neighbours } from "../core/mod.ts";
import type { TxRing } from "../core/linux/ixgbe_tx.ts";
import type { Kernel } from "../core/linux/kernel.ts";
import { LcTrie } from "../core/fib/lc_trie.ts";
import { NeighTable } from "../core/linux/neigh.ts";
import { bgpLikeTable } from "../fixtures/mod.ts";
import { xdpBench, xdpForward, type XdpProgram } from "../stacks/mod.ts";
import { xdpCosts } from "../stacks/xdp/costs.ts";
import type { XdpDevices } from "../stacks/xdp/devices.ts";
import { XDP, XDP_TYPE } from "../stacks/xdp/helpers.ts";
import { XdpHook } from "../stacks/xdp/hook.ts";
import { type Benchmark, ITEMS } from "./benchmark.ts";
import { framesTo } from "./frames.ts";
import { addresses4 } from "./streams.ts";

const PORTS = 4;
const ROUTES = 100_000;
/** Frames of a NAPI poll. */
const POLL = 64;
const FRAME_WORDS = 16;
const GROUP = "xdp, byte code by the interpreter, 64-byte frames, polls of 64";
/** What a context of flat-out rows is: nothing is charged. */
const CPU = { lcore: 0, charge: () => {} } as unknown as Cpu;

/** The floor of the interpreter, a frame sent back, and the two routers. */
export function xdpPrograms(): Benchmark[] {
  const routes = bgpLikeTable({ routes: ROUTES, seed: 1, nextHops: PORTS });
  const fib = new LcTrie();
  // where each frame goes, by a table of another kind
  const oracle = createFib4("dxr");
  for (const table of [fib, oracle]) {
    for (let i = 0; i < routes.count; i++) {
      table.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
    }
  }
  const destinations = addresses4("covered", routes, ITEMS);
  const frames = framesTo(destinations);
  const routed = Int32Array.from(destinations, (dst) => oracle.lookup(dst));
  const row = (name: string, program: XdpProgram, verdict: number): Benchmark => {
    const xdp = new FlatOutXdp(program, fib, frames);
    xdp.check(verdict, routed);
    return { group: GROUP, name, items: ITEMS, run: () => xdp.run() };
  };
  return [
    row("xdp_drop", xdpBench("xdp_drop"), XDP.DROP),
    row("xdp_tx", xdpBench("xdp_tx"), XDP.TX),
    row(`xdp_fwd, ${ROUTES} routes`, xdpForward("faithful"), XDP.REDIRECT),
    row(`xdp_fwd_strict, ${ROUTES} routes`, xdpForward("strict"), XDP.REDIRECT),
  ];
}

/** A program on all ports, which never run dry: poll i is of port i modulo the ports. */
class FlatOutXdp {
  /** Port that each frame of the last run left by; -1: by none. */
  readonly egress: Int32Array;
  readonly #memory = new Memory(POLL);
  readonly #words = new Int32Array(this.#memory.bytes.buffer);
  readonly #frames: Int32Array;
  readonly #fib: LcTrie;
  readonly #hook: XdpHook;
  /** Number of the frame in page 0. */
  #first = 0;

  constructor(program: XdpProgram, fib: LcTrie, frames: Uint8Array) {
    this.#frames = new Int32Array(frames.buffer);
    this.egress = new Int32Array(this.#frames.length / FRAME_WORDS);
    this.#fib = fib;
    const env = this.#env();
    const devices: XdpDevices = {
      env,
      costs: xdpCosts(env),
      mode: "native",
      bpf: new Bpf(XDP_TYPE),
      list: env.hardware.nics.map(({ port }) => (
        { port, program: null, ndoXdpXmit: true, up: true, mtu: Infinity }
      )),
      kernel: this.#kernel(env),
      header: new Uint8Array(14),
    };
    const loaded = devices.bpf.load(program.object);
    program.setup?.(loaded, { ports: PORTS, cpus: 1, portMac: env.neighbours.portMac }, 0);
    for (const device of devices.list) device.program = loaded.programs.get(program.name)!;
    const skbCycles = { rx: 0, before: 0, free: 0, xmit: 0 };
    this.#hook = new XdpHook(
      { devices, skbCycles, cpus: [], xsk: null, dump: null, meta: new Map() },
      0,
      env.cost("mhz"),
    );
  }

  /** Every frame once; answers how many left. */
  run(): number {
    const { egress } = this;
    const hook = this.#hook;
    const { points } = hook;
    const left = points.txSent + points.devmapSent;
    for (let first = 0, port = 0; first < egress.length; first += POLL) {
      this.#receive(first, port);
      for (let page = 0; page < POLL; page++) hook.take(CPU, page, port, 0);
      hook.flush(CPU);
      port = port + 1 === PORTS ? 0 : port + 1;
    }
    return points.txSent + points.devmapSent - left;
  }

  /**
   * Runs once and holds every frame against what is expected of it; `routed` is the port that a router sends each to.
   * @throws {RangeError} when one got another verdict, or left by another port
   */
  check(verdict: number, routed: Int32Array): void {
    const { egress } = this;
    egress.fill(-1);
    this.run();
    const { action } = this.#hook.points;
    if (action[verdict] !== egress.length) {
      throw new RangeError(
        `verdicts ${action.join(", ")}, expected ${egress.length} of ${verdict}`,
      );
    }
    for (let i = 0; i < egress.length; i++) {
      const ingress = Math.floor(i / POLL) % PORTS;
      const to = verdict === XDP.DROP ? -1 : verdict === XDP.TX ? ingress : routed[i]!;
      if (egress[i] === to) continue;
      throw new RangeError(`frame ${i} left by port ${egress[i]}, expected ${to}`);
    }
  }

  /** A poll's frames into the pages. */
  #receive(first: number, port: number): void {
    const { offset, length, port: ports } = this.#memory;
    const to = this.#words;
    const from = this.#frames;
    this.#first = first;
    let next = first * FRAME_WORDS;
    for (let page = 0; page < POLL; page++) {
      const base = offset[page]! >> 2;
      for (let i = 0; i < FRAME_WORDS; i++) to[base + i] = from[next + i]!;
      next += FRAME_WORDS;
      length[page] = 60;
      ports[page] = port;
    }
  }

  /** What of the machine is asked for. */
  #env(): Env {
    const port = Uint8Array.from({ length: PORTS }, (_, p) => p);
    const mac = new Uint8Array(PORTS * 6).fill(2);
    const neighbours: Neighbours = {
      ...{ count: PORTS, port, mac },
      // what the frames are addressed to
      portMac: mac.map((byte, i) => i % 6 === 5 ? byte : 0),
    };
    const env: Partial<Env> = {
      memory: this.#memory,
      neighbours,
      lcores: 1,
      cost: (operation) => operation === "mhz" ? 1e6 : 0,
      drop: () => {},
    };
    return { ...env, hardware: { nics: [...port].map((port) => ({ port })) } } as unknown as Env;
  }

  /** Table, neighbours and transmit rings. */
  #kernel(env: Env): Kernel {
    const ip = {
      fib: this.#fib,
      neigh: new NeighTable(env, null),
      sysctl: { ipForward: true },
      mtu: Infinity,
    };
    const vectors = Array.from({ length: PORTS }, (_, port) => ({ tx: this.#tx(port) }));
    return { ip, vectors } as unknown as Kernel;
  }

  #tx(port: number): TxRing {
    const tx: Pick<TxRing, "xmitFrame" | "flush"> = {
      xmitFrame: (_cpu, page) => {
        this.egress[this.#first + page] = port;
        return true;
      },
      flush: () => {},
    };
    return tx as TxRing;
  }
}
