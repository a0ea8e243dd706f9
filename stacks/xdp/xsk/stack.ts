/**
 * AF_XDP: a program in the driver gives every frame of a queue to the socket that is bound to it, and a process forwards
 * between its sockets in memory of its own. The kernel keeps the NIC, the interrupts and the polling.
 */
import { u32 } from "../../../core/bpf/mod.ts";
import { KernelFib } from "../../../core/linux/kernel_fib.ts";
import type { Policy } from "../../../core/policy.ts";
import {
  type Cpu,
  type Dataplane,
  type Env,
  type Finding,
  type ReportRow,
  type Stack,
  STRICT,
} from "../../../core/stack.ts";
import { auditXdp } from "../audit.ts";
import { settingsOf } from "../options.ts";
import { put, type XdpProgram } from "../program.ts";
import { BENCH } from "../programs/mod.ts";
import { xdpReport } from "../report.ts";
import { bootXdp, type XdpSystem } from "../system.ts";
import { XskApp } from "./app.ts";
import { auditXsk } from "./audit.ts";
import { AF_XDP_INVARIANTS } from "./invariants.ts";
import { type AfXdpOptions, type AfXdpSettings, afXdpSettings } from "./options.ts";
import { XskKernel } from "./kernel.ts";
import { xskReport } from "./report.ts";
import { XskSocket } from "./socket.ts";
import { Umem } from "./umem.ts";

/** What it declares: a patch panel that exchanges MAC addresses; loss where the NIC, the UMEM or an RX ring is full. */
const POLICY: Policy = {
  ...STRICT,
  topology: "paired",
  macs: "swap",
  congestion: ["rx-missed", "no-buffer", "ring-full"],
};

/**
 * AF_XDP with a process that forwards between paired ports.
 *
 * @throws {RangeError} when a knob is out of range
 * @throws {TypeError} when a mode is unknown
 * @example
 * ```ts
 * import { afXdp } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(afXdp({ mode: "zerocopy" }).policy!.macs, "swap");
 * assertThrows(() => afXdp({ ringSize: 100 }), RangeError, "ringSize 100");
 * ```
 */
export function afXdp(options: AfXdpOptions = {}): Stack {
  const settings = afXdpSettings(options);
  const tables = new KernelFib();
  const stack = (env: Env): Dataplane => new AfXdp(env, settings, tables);
  return Object.assign(stack, { policy: POLICY, invariants: AF_XDP_INVARIANTS });
}

class AfXdp implements Dataplane {
  readonly name: string;
  readonly system: XdpSystem;
  readonly xsk: XskKernel;
  readonly apps: XskApp[] = [];
  readonly #env: Env;

  constructor(env: Env, settings: AfXdpSettings, tables: KernelFib) {
    const { mode, itrUs } = settings;
    this.name = `af_xdp (${mode}, ${settings.wait})`;
    this.#env = env;
    const zeroCopy = mode === "zerocopy";
    const xsk: XskKernel = new XskKernel(env, () => this.system.devices);
    this.xsk = xsk;
    const { kernel, ...rest } = settingsOf(itrUs < 0 ? {} : { itrUs });
    this.system = bootXdp(env, xskProgram(env), { kernel, ...rest }, tables, {
      receiver: xsk,
      ...zeroCopy ? { pages: (port: number, queue: number) => xsk.pages(port, queue) } : {},
    });
    for (let lcore = 0; lcore < env.lcores; lcore++) this.#bind(lcore, settings);
    if (!zeroCopy) {
      this.system.kernel.up();
      return;
    }
    // bind(2) is the first thing that the processes do: a driver's ring is filled from FILL when they run
    env.spawn(0, "thread", (cpu) => {
      this.system.kernel.up(cpu);
      cpu.sleep();
      return 1;
    });
  }

  /** UMEM, sockets and process of one CPU. */
  #bind(lcore: number, settings: AfXdpSettings): void {
    const env = this.#env;
    const { nics } = env.hardware;
    const { ringSize, rxSize, completionSize, startIndex, needWakeup, wait } = settings;
    const zeroCopy = settings.mode === "zerocopy";
    const { rx, tx } = nics[0]!.queues;
    const own = settings.chunks > 0
      ? settings.chunks
      : tx[lcore]!.size + (zeroCopy ? rx[lcore]!.size : 0);
    const umem = new Umem(env.memory, env.pool, lcore, own * nics.length);
    const sizes = { fill: ringSize, completion: completionSize, rx: rxSize, tx: ringSize };
    const sockets = nics.map(({ port }) => {
      const socket = new XskSocket(port, lcore, umem, zeroCopy, sizes, startIndex);
      this.xsk.bind(socket, own, () => this.apps[lcore]?.process ?? null);
      return socket;
    });
    const { devices } = this.system;
    this.apps.push(
      new XskApp({ env, devices, xsk: this.xsk, umem, sockets, wait, needWakeup }, lcore),
    );
  }

  interrupt(cpu: Cpu, vector: number): void {
    this.system.kernel.interrupt(cpu, vector);
  }

  report(): ReportRow[] {
    return [...xskReport(this.xsk, this.apps), ...xdpReport(this.system)];
  }

  audit(): Finding[] {
    return [...auditXdp(this.system), ...auditXsk(this.xsk, this.apps)];
  }
}

/** What libxdp attaches to each interface: a map of its own, with the socket of each queue. */
function xskProgram(env: Env): XdpProgram {
  const ports = env.hardware.nics.length;
  return {
    object: BENCH,
    name: "xsk_def_prog",
    policy: POLICY,
    perPort: true,
    setup({ maps }, { cpus }, port) {
      for (let queue = 0; queue < cpus; queue++) {
        put(maps.get("xsks_map")!, u32(queue), u32(queue * ports + port + 1));
      }
    },
  };
}
