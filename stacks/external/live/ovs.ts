/**
 * Open vSwitch with its userspace datapath as a device: a bridge over the ports of a bench, and a flow for each
 * route, whose priority is its length. Both of its processes end with this one.
 */
import type { Scenario } from "../../../core/machine/device.ts";
import { ipv4ToString } from "../../../core/packet/ipv4_text.ts";
import type { Policy } from "../../../core/policy.ts";
import { STRICT } from "../../../core/stack.ts";
import { ipv4Fence } from "./ipv4_fence.ts";
import { KernelTables } from "./kernel.ts";
import { type LiveDevice, liveDevice } from "./live_device.ts";
import { portName, Rig } from "./rig.ts";
import { makeScratch, runCommand, startProcess } from "./scratch.ts";

/** What is expected of flows that forward as a router does: RFC 1812, on ports without a MAC. */
export const OVS_POLICY: Policy = { ...STRICT, ports: "virtual", congestion: [] };

const BRIDGE = "pcbr";
const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
/** Of the flow of a route: those of longer prefixes come first. */
const PRIORITY = 100;
const FENCE_PRIORITY = 60_000;
/** Milliseconds between looks at whether a process is ready, and how many looks there are. */
const LOOK_MS = 10;
const LOOKS = 500;

/** Its packet sockets hold no bursts of hundreds while the machine is busy. */
const PACKETS_MAX = 64;
/** A run costs as much as so many events of a simulated machine: bounds how long a counterexample is shrunk. */
const EVENTS = 25_000;

/** Which Open vSwitch. */
export interface OvsOptions {
  /** Ports; 4. */
  readonly ports?: number;
}

/**
 * Open vSwitch as a device under test. It lasts until it is closed.
 *
 * @throws {SystemCallError} naming the permission that is missing
 * @throws {Error} when it is not installed, or does not start
 * @example
 * ```ts
 * import { OVS_POLICY, ovsDevice } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * // needs CAP_NET_ADMIN and CAP_SYS_ADMIN, and Open vSwitch:
 * // const device = ovsDevice();
 * assertEquals([typeof ovsDevice, OVS_POLICY.hairpin], ["function", "forward"]);
 * ```
 */
export function ovsDevice({ ports = 4 }: OvsOptions = {}): LiveDevice {
  const rig = new Rig(ports);
  let ovs: OpenVSwitch;
  try {
    ovs = new OpenVSwitch(rig);
  } catch (error) {
    rig.close();
    throw error;
  }
  const tables = new KernelTables(rig);
  const fences = ipv4Fence();
  const device = liveDevice(rig, {
    name: "ovs",
    policy: OVS_POLICY,
    events: EVENTS,
    configure(scenario) {
      const network = fences.choose(scenario);
      const changed = tables.configure(scenario, network, false);
      ovs.install(scenario, network);
      return changed;
    },
    fence: fences.frame,
    close: () => ovs.close(),
  });
  return { ...device, packetsMax: PACKETS_MAX };
}

class OpenVSwitch {
  readonly #rig: Rig;
  readonly #folder = makeScratch();
  readonly #env = {
    OVS_RUNDIR: this.#folder,
    OVS_LOGDIR: this.#folder,
    OVS_DBDIR: this.#folder,
    OVS_SYSCONFDIR: this.#folder,
  };
  readonly #processes: Deno.ChildProcess[] = [];

  constructor(rig: Rig) {
    this.#rig = rig;
    try {
      this.#start();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #start(): void {
    const folder = this.#folder;
    const socket = `unix:${folder}/db.sock`;
    runCommand(["ovsdb-tool", "create", `${folder}/conf.db`, SCHEMA]);
    this.#processes.push(startProcess(
      ["ovsdb-server", `${folder}/conf.db`, `--remote=p${socket}`, `--unixctl=${folder}/db.ctl`],
      this.#env,
    ));
    awaitFile(`${folder}/db.sock`);
    runCommand(["ovs-vsctl", `--db=${socket}`, "--no-wait", "init"], this.#env);
    // in the namespace of the ports; the kernel's datapath is not touched
    this.#processes.push(this.#rig.device.within(() =>
      startProcess(
        ["ovs-vswitchd", socket, "--disable-system", `--unixctl=${folder}/vs.ctl`],
        this.#env,
      )
    ));
    awaitFile(`${folder}/vs.ctl`);
    const bridge = ["add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev"];
    const ports = Array.from({ length: this.#rig.ports }, (_, p) => [
      ...["--", "add-port", BRIDGE, portName(p)],
      ...["--", "set", "Interface", portName(p), `ofport_request=${p + 1}`],
    ]).flat();
    runCommand(
      ["ovs-vsctl", `--db=${socket}`, "--timeout=10", ...bridge, "fail-mode=secure", ...ports],
      this.#env,
    );
  }

  /** Puts a scenario's routes in place of those before, and fences. */
  install(scenario: Scenario, fenceNetwork: number): void {
    const lines = [...fenceFlows(this.#rig.ports, fenceNetwork), ...routeFlows(scenario)];
    Deno.writeTextFileSync(`${this.#folder}/flows`, lines.join("\n"));
    runCommand(
      ["ovs-ofctl", "--bundle", "replace-flows", BRIDGE, `${this.#folder}/flows`],
      this.#env,
    );
    // what the datapath has cached of the flows before is thrown away
    runCommand(["ovs-appctl", "-t", `${this.#folder}/vs.ctl`, "revalidator/purge"], this.#env);
  }

  close(): void {
    for (const process of this.#processes) {
      try {
        process.kill("SIGKILL");
      } catch {
        // it has ended
      }
    }
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

function fenceFlows(ports: number, network: number): string[] {
  return Array.from({ length: ports }, (_, p) => {
    const match = `ip,nw_dst=${ipv4ToString(network + p)}`;
    return [
      `priority=${FENCE_PRIORITY},${match},actions=output:${p + 1}`,
      // what goes back where it came from has to be told so
      `priority=${FENCE_PRIORITY + 1},in_port=${p + 1},${match},actions=in_port`,
    ];
  }).flat();
}

function routeFlows({ routes, neighbours }: Scenario): string[] {
  return Array.from({ length: routes.count }, (_, i) => {
    const hop = routes.nextHop[i]!;
    const port = neighbours.port[hop]!;
    const depth = routes.depth[i]!;
    const prefix = `${ipv4ToString(routes.prefix[i]!)}/${depth}`;
    // without vlan_tci=0 the flow would take tagged frames too
    return `priority=${PRIORITY + depth},ip,vlan_tci=0,nw_dst=${prefix},actions=dec_ttl,` +
      `mod_dl_src:${mac(neighbours.portMac, port)},mod_dl_dst:${mac(neighbours.mac, hop)},` +
      `output:${port + 1}`;
  });
}

function mac(bytes: Uint8Array, at: number): string {
  return [...bytes.subarray(at * 6, at * 6 + 6)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Waits until a process has made its socket. */
function awaitFile(path: string): void {
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  for (let look = 0; look < LOOKS; look++) {
    try {
      Deno.statSync(path);
      return;
    } catch {
      Atomics.wait(sleep, 0, 0, LOOK_MS);
    }
  }
  throw new Error(`Cannot start Open vSwitch: ${path} was not there after ${LOOKS * LOOK_MS} ms`);
}
