/**
 * A router on DPDK's rte_lpm as a device, from captures to captures: docs/examples/dpdk_lpm.c, built when the
 * device is opened, and started anew for each scenario.
 */
import type { Policy } from "../../../core/policy.ts";
import { STRICT } from "../../../core/stack.ts";
import { external } from "../external.ts";
import type { LiveDevice } from "./live_device.ts";
import { makeScratch, runCommand } from "./scratch.ts";

/** What the program declares: RFC 1812 on ports without a MAC, but rte_lpm holds no default route. */
export const DPDK_POLICY: Policy = {
  ...STRICT,
  ports: "virtual",
  defaultRoute: false,
  congestion: [],
};

/** What it declares with --l3fwd: what the l3fwd of DPDK's examples does. */
export const DPDK_L3FWD_POLICY: Policy = {
  ...STRICT,
  onMiss: "reflect",
  ttl: "ignore",
  checksum: "trust",
  checksumUpdate: "increment",
  header: "minimal",
  dstMac: "port",
  defaultRoute: false,
  congestion: [],
};

/** Which program, and what it does. */
export interface DpdkOptions {
  /** Path of its source, docs/examples/dpdk_lpm.c. */
  readonly source: string;
  /** What RFC 1812 asks for, or what DPDK's l3fwd does; `"strict"`. */
  readonly profile?: "strict" | "l3fwd";
}

/** A run costs as much as so many events of a simulated machine: bounds how long a counterexample is shrunk. */
const EVENTS = 50_000;

/**
 * A router on rte_lpm as a device under test. It lasts until it is closed.
 *
 * @throws {Error} when a C compiler, pkg-config or DPDK's headers are missing
 * @example
 * ```ts
 * import { DPDK_POLICY, dpdkDevice } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * // needs cc, pkg-config and libdpdk-dev:
 * // const device = dpdkDevice({ source: "docs/examples/dpdk_lpm.c" });
 * assertEquals([typeof dpdkDevice, DPDK_POLICY.defaultRoute], ["function", false]);
 * ```
 */
export function dpdkDevice({ source, profile = "strict" }: DpdkOptions): LiveDevice {
  const folder = makeScratch();
  const close = () => Deno.removeSync(folder, { recursive: true });
  try {
    const flags = runCommand(["pkg-config", "--cflags", "--libs", "libdpdk"]).split(/\s+/);
    runCommand(["cc", "-O2", source, "-o", `${folder}/dpdk_lpm`, ...flags]);
  } catch (error) {
    close();
    throw error;
  }
  const program = external({
    command: `"${folder}/dpdk_lpm"${profile === "l3fwd" ? " --l3fwd" : ""}`,
    name: profile === "l3fwd" ? "dpdk-l3fwd" : "dpdk-lpm",
    protocol: "pcap",
    policy: profile === "l3fwd" ? DPDK_L3FWD_POLICY : DPDK_POLICY,
  });
  const run: typeof program.run = (scenario) => {
    const observation = program.run(scenario);
    observation.events = EVENTS;
    return observation;
  };
  return { ...program, run, close };
}
