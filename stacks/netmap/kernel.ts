/**
 * netmap in the kernel, and how names become ports: `netmap:eth0` is a NIC, `netmap:eth0-2` one ring pair of it,
 * `netmap:eth0^` its rings towards the operating system, `netmap:eth0*` both; `vale0:x` a port of a switch, made with
 * its first opening; `netmap:eth0{1` and `netmap:eth0}1` the two ends of a pipe; `netmap:eth0/rt` a monitor of
 * what is received and sent. `/x` asks for the rings exclusively, `/T` that poll sends nothing by itself.
 *
 * Source: netmap libnetmap/nmreq.c (names), sys/dev/netmap/netmap.c (netmap_get_na).
 */
import { Mempool } from "../../core/memory/mempool.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Env } from "../../core/stack.ts";
import { NetmapAdapter } from "./adapter.ts";
import type { NetmapCosts } from "./costs.ts";
import { NetmapError } from "./errors.ts";
import type { NetmapFd } from "./fd.ts";
import { NetmapMem, RESERVED } from "./memory.ts";
import { CopyMonitor } from "./monitor.ts";
import type { NetmapSettings } from "./options.ts";
import { crossPipe } from "./pipe.ts";
import { type PortName, portName } from "./port_name.ts";
import { Vale } from "./vale.ts";
import { ValePort } from "./vale_port.ts";

/** Most switches (dev.netmap.max_bridges). */
export const NM_BRIDGES = 8;
/** Slots of a virtual port's rings (NM_BRIDGE_RINGSIZE), and most of them and of its rings that may be asked for. */
export const NM_BRIDGE_RINGSIZE = 1024;
/** Most ring pairs of a virtual port (NM_BDG_MAXRINGS). */
export const NM_BDG_MAXRINGS = 16;

/** How a virtual port is made. */
export interface VirtualSizes {
  /** Slots of each ring; 1024. */
  readonly slots?: number;
  /** Ring pairs; 1. */
  readonly rings?: number;
}

/** netmap in the kernel. */
export class NetmapKernel {
  readonly costs: NetmapCosts;
  readonly settings: NetmapSettings;
  /** Ports by the name before `-`, `^`, `*` and `/`. */
  readonly ports: Map<string, NetmapAdapter> = new Map();
  readonly switches: Map<string, Vale> = new Map();
  readonly monitors: CopyMonitor[] = [];
  readonly #env: Env;
  readonly #valePorts: Map<string, ValePort> = new Map();
  readonly #place: number;
  #regions = 1;

  constructor(env: Env, costs: NetmapCosts, settings: NetmapSettings) {
    this.#env = env;
    this.costs = costs;
    this.settings = settings;
    this.#place = env.place("netmap rings", Infinity);
  }

  /** The place of what lies in rings. */
  get place(): number {
    return this.#place;
  }

  /**
   * Opens a port by its name (nmport_open).
   * @throws {TypeError} when it is no name of a port
   * @throws {NetmapError} ENXIO when there is no such NIC; ENOMEM, EINVAL, EBUSY as the port says
   */
  open(name: string, sizes: VirtualSizes = {}): NetmapFd {
    const parsed = portName(name);
    const { ring, sw, nic, exclusive, noTxPoll } = parsed;
    if (parsed.monitor !== "") return this.#monitor(parsed, sizes);
    const port = this.#port(parsed, sizes);
    return port.open({ ...ring === undefined ? {} : { ring }, nic, sw }, { exclusive, noTxPoll });
  }

  /** The switch of a name, made when it is first asked for. @throws {NetmapError} ENOMEM beyond the eighth */
  vale(name: string): Vale {
    const known = this.switches.get(name);
    if (known !== undefined) return known;
    if (this.switches.size === NM_BRIDGES) {
      throw new NetmapError("ENOMEM", `Cannot make ${name}: there are ${NM_BRIDGES} switches`);
    }
    const made = new Vale(this.#env, name, this.costs);
    this.switches.set(name, made);
    return made;
  }

  /** Port `x` of a switch, if somebody has made it. */
  valePort(name: string): ValePort | undefined {
    return this.#valePorts.get(name);
  }

  /** A region of its own for a port of so many slots. */
  region(slots: number): NetmapMem {
    const memory = this.#env.memory as Memory;
    const id = ++this.#regions;
    const range = memory.region(`netmap region ${id}`, 0, slots + RESERVED);
    const pool = new Mempool(memory, range, [this.#place], 0);
    return new NetmapMem(id, memory, pool, slots, this.settings);
  }

  #port(of: PortName, sizes: VirtualSizes): NetmapAdapter {
    const known = this.ports.get(of.port);
    if (known !== undefined) return known;
    const made = of.vale !== ""
      ? this.#valePort(of, sizes)
      : of.pipe !== ""
      ? this.#pipe(of, sizes)
      : null;
    if (made === null) {
      throw new NetmapError("ENXIO", `Cannot open ${of.port}: there is no such port`);
    }
    return made;
  }

  #valePort(of: PortName, sizes: VirtualSizes): NetmapAdapter {
    const vale = this.vale(of.vale);
    const port = this.#virtual(of.port, sizes);
    const made = new ValePort(this.#env, port);
    vale.attach(made);
    this.#valePorts.set(of.port, made);
    return port;
  }

  /** Both ends of a pipe: in the region of the port that it hangs on, or in one of its own. */
  #pipe(of: PortName, sizes: VirtualSizes): NetmapAdapter {
    const { base, pipe, pipeId } = of;
    const parent = this.ports.get(base);
    const master = this.#virtual(`${base}{${pipeId}`, sizes, parent?.mem);
    let slave: NetmapAdapter;
    try {
      slave = this.#virtual(`${base}}${pipeId}`, sizes, master.mem);
    } catch (error) {
      master.destroy();
      this.ports.delete(master.name);
      throw error;
    }
    crossPipe(master, slave, this.costs);
    return pipe === "{" ? master : slave;
  }

  #monitor(of: PortName, sizes: VirtualSizes): NetmapFd {
    const watched = this.ports.get(of.port);
    if (watched === undefined) {
      throw new NetmapError("ENXIO", `Cannot monitor ${of.port}: there is no such port`);
    }
    const port = this.#virtual(`${of.port}/${of.monitor}`, sizes);
    const rings = [
      ...of.monitor.includes("r") ? watched.rxRings : [],
      ...of.monitor.includes("t") ? watched.txRings : [],
    ];
    const [rx] = port.rxRings;
    this.monitors.push(new CopyMonitor(this.#env, this.costs, rx!, rings));
    return port.open();
  }

  #virtual(name: string, sizes: VirtualSizes, mem?: NetmapMem): NetmapAdapter {
    const { slots = NM_BRIDGE_RINGSIZE, rings = 1 } = sizes;
    const most = name.startsWith("vale") ? NM_BRIDGE_RINGSIZE : 65_536;
    if (!(slots >= 2 && slots <= most && rings >= 1 && rings <= NM_BDG_MAXRINGS)) {
      throw new NetmapError("EINVAL", `Cannot make ${name}: ${rings} rings of ${slots} slots`);
    }
    const ends = name.includes("{") ? 2 : 1;
    const region = mem ?? this.region(2 * slots * rings * ends);
    const port = new NetmapAdapter(name, region, this.costs);
    try {
      for (let i = 0; i < rings; i++) port.addPair({ tx: slots, rx: slots });
    } catch (error) {
      port.destroy();
      throw error;
    }
    this.ports.set(name, port);
    return port;
  }
}
