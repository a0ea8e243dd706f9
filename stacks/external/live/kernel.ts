/**
 * The kernel's own IPv4 forwarding as a device: interfaces without addresses in a namespace, routes and
 * permanent neighbours by rtnetlink.
 */
import type { Scenario } from "../../../core/machine/device.ts";
import type { Policy } from "../../../core/policy.ts";
import { STRICT } from "../../../core/stack.ts";
import { ipv4Fence } from "./ipv4_fence.ts";
import { type LiveDevice, liveDevice, type Occupant } from "./live_device.ts";
import { addAddress } from "./links.ts";
import { FIRST_INDEX, PORTS_MAX, Rig } from "./rig.ts";
import { HOPS_MAX, KernelRoutes } from "./routes.ts";

/** 192.0.0.128 and on: addresses of ports that have one, out of those that protocols may use (RFC 6890). */
const PORT_ADDRESSES = 0xc0000080;
/** 192.0.0.8, what a node without an address of its own sends ICMP errors from (RFC 7600, 6). */
const DUMMY_ADDRESS = 0xc0000008;

/**
 * What Linux declares here: RFC 1812, on interfaces without a MAC, with padding cut off and martian addresses
 * refused (net/ipv4/route.c, ip_route_input_slow), and ICMP errors without a limit of their rate.
 *
 * @example
 * ```ts
 * import { KERNEL_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([KERNEL_POLICY.checksum, KERNEL_POLICY.padding], ["verify", "cut"]);
 * ```
 */
export const KERNEL_POLICY: Policy = {
  ...STRICT,
  checksDstMac: true,
  options: "parse",
  padding: "cut",
  ports: "virtual",
  mtu: 1500,
  tooLong: "cut",
  priorityTags: "strip",
  routeTypes: true,
  martianSources: ["0.0.0.0/32", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32"],
  martianDestinations: ["0.0.0.0/32", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32"],
  originates: {
    addresses: new Array<number>(PORTS_MAX).fill(DUMMY_ADDRESS),
    icmpBurst: Infinity,
    icmpPerSecond: Infinity,
  },
  congestion: [],
};

/** A router that filters no source, tells nobody of shorter ways, and limits no ICMP error. */
export const FORWARDING: Readonly<Record<string, number>> = {
  "net/ipv4/ip_forward": 1,
  "net/ipv4/conf/all/rp_filter": 0,
  "net/ipv4/conf/default/rp_filter": 0,
  "net/ipv4/conf/all/send_redirects": 0,
  "net/ipv4/conf/default/send_redirects": 0,
  "net/ipv4/icmp_ratelimit": 0,
};

/** What the kernel may be set to: it is, and is judged so. */
export type KernelSettings = Pick<Policy, "mtu" | "reversePath">;

/** What the kernel may be told. */
export interface KernelOptions {
  /** Ports of the bench; 4. */
  readonly ports?: number;
  /** MTU of its ports, and its rp_filter; 1500, and none. */
  readonly settings?: KernelSettings;
}

/** rp_filter of each way of reverse path forwarding [Linux, Documentation/networking/ip-sysctl.rst]. */
const RP_FILTER = { strict: 1, loose: 2 };

/**
 * What the kernel declares with these settings. An interface without an address takes a loose filter for a strict one
 * (net/ipv4/fib_frontend.c, __fib_validate_source), so ports then have addresses.
 */
function policyOf(settings: KernelSettings, ports: number): Policy {
  const policy = { ...KERNEL_POLICY, ...settings };
  if (settings.reversePath !== "loose") return policy;
  const addresses = Array.from({ length: ports }, (_, p) => PORT_ADDRESSES + p);
  return { ...policy, originates: { ...policy.originates!, addresses, isHost: true } };
}

/** Routes, neighbours and MAC addresses of a kernel that forwards on a bench. */
export class KernelTables {
  /** The table. */
  readonly routes: KernelRoutes;
  readonly #rig: Rig;
  #fences = -1;

  /** Takes the bench. */
  constructor(rig: Rig) {
    this.#rig = rig;
    this.routes = new KernelRoutes(rig.netlink, FIRST_INDEX);
  }

  /**
   * Sets the kernel up for a scenario, with host routes for fences; answers whether fences look otherwise now.
   * Where somebody else forwards, `routed` is false and only the MAC addresses are set.
   */
  configure(scenario: Scenario, fenceNetwork: number, routed = true): boolean {
    const { neighbours, geometry } = scenario;
    let changed = false;
    for (let p = 0; p < geometry.ports; p++) {
      if (this.#rig.setMac(p, neighbours.portMac.subarray(p * 6, p * 6 + 6))) changed = true;
    }
    if (!routed) {
      if (fenceNetwork !== this.#fences) changed = true;
      this.#fences = fenceNetwork;
      return changed;
    }
    if (changed) this.routes.forgetGateways();
    if (changed || fenceNetwork !== this.#fences) {
      changed = true;
      this.#fences = fenceNetwork;
      for (let p = 0; p < this.#rig.ports; p++) {
        this.routes.gateway(HOPS_MAX + p, p, Uint8Array.of(2, 0xfe, 0, 0, 0, p));
        this.routes.add(fenceNetwork + p, 32, HOPS_MAX + p, p);
      }
    }
    this.routes.install(scenario);
    return changed;
  }
}

/**
 * The kernel's forwarding as a device under test. It lasts until it is closed.
 *
 * @throws {SystemCallError} naming the permission that is missing
 * @example
 * ```ts
 * import { kernelDevice } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * // needs CAP_NET_ADMIN and CAP_SYS_ADMIN:
 * // const device = kernelDevice();
 * // checkConformance(device);
 * // device.close();
 * assertEquals(typeof kernelDevice, "function");
 * ```
 */
export function kernelDevice({ ports = 4, settings = {} }: KernelOptions = {}): LiveDevice {
  const { reversePath, mtu = [] } = settings;
  const filter = reversePath === undefined ? 0 : RP_FILTER[reversePath];
  const rig = new Rig(ports, { ...FORWARDING, "net/ipv4/conf/all/rp_filter": filter });
  try {
    for (let p = 0; p < ports; p++) {
      const own = typeof mtu === "number" ? mtu : mtu[p];
      if (own !== undefined) rig.setMtu(p, own);
      if (reversePath === "loose") addAddress(rig.netlink, FIRST_INDEX + p, PORT_ADDRESSES + p, 32);
    }
  } catch (error) {
    rig.close();
    throw error;
  }
  const tables = new KernelTables(rig);
  const fences = ipv4Fence();
  const occupant: Occupant = {
    name: "kernel",
    policy: policyOf(settings, ports),
    configure: (scenario) => tables.configure(scenario, fences.choose(scenario)),
    fence: fences.frame,
  };
  return liveDevice(rig, occupant);
}
