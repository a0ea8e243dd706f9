/**
 * What is attached to the interfaces: a program of an object file, what its maps hold at first, and what it declares.
 * The loaders here are those of xdp-tools: xdp-forward, and xdp-bench with one program for each thing that XDP can do.
 */
import { type BpfMap, type BpfObject, type LoadedObject, u32 } from "../../core/bpf/mod.ts";
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { FORWARD } from "./programs/mod.ts";
import { ifindexOf } from "./xdp_buff.ts";

/** What a loader knows of the machine. */
export interface XdpMachine {
  /** Ports; the interface of port p is p + 2. */
  readonly ports: number;
  /** CPUs. */
  readonly cpus: number;
  /** Six bytes of MAC address for each port. */
  readonly portMac: Uint8Array;
}

/**
 * A program with its loader.
 *
 * @example
 * ```ts
 * import { xdp, xdpBench, type XdpProgram } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const bench = xdpBench("xdp_drop");
 * const own: XdpProgram = { ...bench, setup: ({ maps }) => assertEquals(maps.size, 7) };
 * assertEquals(xdp(own).policy!.topology, "sink");
 * ```
 */
export interface XdpProgram {
  /** The object file. */
  readonly object: BpfObject;
  /** Name of the program. */
  readonly name: string;
  /** What the stack declares with it. */
  readonly policy: Policy;
  /** Fills maps before the interfaces go up. */
  readonly setup?: (loaded: LoadedObject, machine: XdpMachine, port: number) => void;
  /** Loaded once for each port, with maps of its own, as libxdp does for a socket; else once for all. */
  readonly perPort?: boolean;
}

/** What the stack behind a program declares. */
export const KERNEL_POLICY: Policy = {
  ...STRICT,
  checksDstMac: true,
  congestion: ["rx-missed", "qdisc-full", "tx-full"],
};

/** Sets the value of a key. */
export function put(map: BpfMap, key: Uint8Array, value: Uint8Array): void {
  const answer = map.update(key, 0, value, 0, 0);
  if (answer < 0) throw new RangeError(`Cannot update map ${map.spec.name}: error ${answer}`);
}

/**
 * The loader of xdp-forward: routes by the kernel's own table and neighbours. `strict` looks at everything that the
 * kernel looks at; `faithful` at what xdp-forward looks at, which trusts the header checksum, the lengths and the
 * destination MAC address of what it forwards.
 *
 * @example
 * ```ts
 * import { xdpForward } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(xdpForward().name, "xdp_fwd_strict");
 * assertEquals(xdpForward("faithful").policy.checksum, "trust");
 * ```
 */
export function xdpForward(profile: "strict" | "faithful" = "strict"): XdpProgram {
  if (profile !== "strict" && profile !== "faithful") {
    throw new TypeError(
      `Cannot configure xdp: profile ${String(profile)} is neither "strict" nor "faithful"`,
    );
  }
  const strict = profile === "strict";
  return {
    object: FORWARD,
    name: strict ? "xdp_fwd_strict" : "xdp_fwd",
    policy: strict
      ? KERNEL_POLICY
      : { ...KERNEL_POLICY, checksum: "trust", header: "minimal", checksDstMac: false },
    setup({ maps }, { ports, portMac }) {
      for (let port = 0; port < ports; port++) {
        const ifindex = ifindexOf(port);
        put(maps.get("xdp_tx_ports")!, u32(ifindex), u32(ifindex, 0));
        const mac = new Uint8Array(8);
        mac.set(portMac.subarray(port * 6, port * 6 + 6));
        put(maps.get("port_macs")!, u32(ifindex), mac);
      }
    },
  };
}
