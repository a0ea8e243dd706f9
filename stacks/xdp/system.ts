/** Kernel, programs and hooks of one run, as every stack of this folder boots them. */
import { Bpf, type LoadedObject } from "../../core/bpf/mod.ts";
import type { PageSource } from "../../core/linux/ixgbe_rx.ts";
import { linuxCosts } from "../../core/linux/costs.ts";
import { Kernel } from "../../core/linux/kernel.ts";
import type { KernelFib } from "../../core/linux/kernel_fib.ts";
import type { PacketType } from "../../core/linux/tap.ts";
import type { Env } from "../../core/stack.ts";
import { xdpCosts } from "./costs.ts";
import { CpuMapEntry } from "./cpumap.ts";
import type { XdpDevice, XdpDevices } from "./devices.ts";
import { XDP_TYPE } from "./helpers.ts";
import { XdpHook } from "./hook.ts";
import type { HookParts, XskReceiver } from "./hook_parts.ts";
import type { XdpSettings } from "./options.ts";
import type { XdpProgram } from "./program.ts";
import { XdpDump } from "./xdpdump.ts";

/** What AF_XDP adds. */
export interface XskParts {
  readonly receiver: XskReceiver;
  /** Pages of a receive ring that a socket owns. */
  pages?(port: number, lcore: number): PageSource | null;
}

/** Everything of one run. */
export interface XdpSystem {
  readonly devices: XdpDevices;
  readonly loaded: LoadedObject;
  readonly kernel: Kernel;
  /** By CPU. */
  readonly hooks: readonly XdpHook[];
  readonly cpus: readonly (CpuMapEntry | undefined)[];
  readonly dump: XdpDump | null;
  readonly meta: ReadonlyMap<number, number>;
}

/** Boots kernel and programs; interfaces are down until `kernel.up()`. */
export function bootXdp(
  env: Env,
  program: XdpProgram,
  settings: XdpSettings,
  tables: KernelFib,
  xsk: XskParts | null = null,
  packetTypes: readonly PacketType[] = [],
): XdpSystem {
  const devices = bootDevices(env, settings);
  const loaded = attachAll(env, devices, program);
  const meta = new Map<number, number>();
  const parts: HookParts = {
    devices,
    skbCycles: skbCycles(env),
    cpus: [],
    xsk: xsk?.receiver ?? null,
    dump: settings.xdpdump ? new XdpDump(env.memory) : null,
    meta,
  };
  const mhz = env.cost("mhz");
  const hooks = Array.from({ length: env.lcores }, (_, lcore) => new XdpHook(parts, lcore, mhz));
  const routesChange = settings.commands.some((command) => "route" in command);
  const kernel = new Kernel(env, settings.kernel, tables, routesChange, {
    rx: (lcore) => hooks[lcore]!,
    packetTypes: () => packetTypes,
    ...xsk?.pages === undefined ? {} : { pages: xsk.pages },
  });
  devices.kernel = kernel;
  bootCpus(devices, loaded, hooks, parts);
  return { devices, loaded, kernel, hooks, cpus: parts.cpus, dump: parts.dump, meta };
}

/** Loads the program, once or once for each port, and attaches it; answers the object of port 0. */
function attachAll(env: Env, devices: XdpDevices, program: XdpProgram): LoadedObject {
  const machine = {
    ports: devices.list.length,
    cpus: env.lcores,
    portMac: env.neighbours.portMac,
  };
  let first: LoadedObject | null = null;
  let loaded: LoadedObject | null = null;
  for (const device of devices.list) {
    if (loaded === null || program.perPort === true) {
      loaded = devices.bpf.load(program.object);
      program.setup?.(loaded, machine, device.port);
    }
    first ??= loaded;
    const entry = loaded.programs.get(program.name);
    if (entry === undefined) {
      throw new RangeError(`Cannot boot xdp: its object has no program ${program.name}`);
    }
    device.program = entry;
  }
  return first!;
}

function bootDevices(env: Env, settings: XdpSettings): XdpDevices {
  const { withoutXmit, down } = settings;
  const { mtu } = settings.kernel;
  return {
    env,
    costs: xdpCosts(env),
    mode: settings.mode,
    bpf: new Bpf(XDP_TYPE, { cpus: env.lcores }),
    list: env.hardware.nics.map(({ port }): XdpDevice => ({
      port,
      program: null,
      ndoXdpXmit: !withoutXmit.includes(port),
      up: !down.includes(port),
      mtu,
    })),
    kernel: null as unknown as Kernel,
    header: new Uint8Array(14),
  };
}

/** Threads of the cpumap entries that the loader has made. */
function bootCpus(
  devices: XdpDevices,
  { maps }: LoadedObject,
  hooks: readonly XdpHook[],
  { cpus }: HookParts,
): void {
  for (const map of maps.values()) {
    if (map.spec.type !== "cpumap") continue;
    for (const key of map.keys()) {
      const view = new DataView(map.values.buffer, map.lookup(key, 0), 8);
      const lcore = new DataView(key.buffer).getUint32(0, true);
      const target = hooks[lcore];
      if (target === undefined) throw new RangeError(`Cannot boot xdp: there is no CPU ${lcore}`);
      const program = devices.bpf.programs[view.getUint32(4, true) - 1] ?? null;
      cpus[lcore] = new CpuMapEntry(devices, target, lcore, view.getUint32(0, true), program);
    }
  }
}

/** What a frame has cost when the generic hook sees it, and what becomes of its skb costs. */
function skbCycles(env: Env): HookParts["skbCycles"] {
  const { rx, skbAlloc, netifReceive, skbFree, xmit } = linuxCosts(env, "modern");
  return { rx, before: rx + skbAlloc + netifReceive, free: skbFree, xmit };
}
