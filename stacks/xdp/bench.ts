/** The loader of xdp-bench: one program for each thing that XDP can do. */
import { u32 } from "../../core/bpf/mod.ts";
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { KERNEL_POLICY, put, type XdpProgram } from "./program.ts";
import { BENCH } from "./programs/mod.ts";
import { ifindexOf } from "./xdp_buff.ts";

/** What native mode may lose under load: there is no queue behind a redirect. */
const CONGESTION: Policy["congestion"] = ["rx-missed", "tx-full"];
/** Programs of xdp_bench.c and what each declares. */
const BENCH_POLICY: { readonly [name in XdpBenchName]: Policy } = {
  xdp_drop: { ...STRICT, topology: "sink", congestion: ["rx-missed"] },
  xdp_aborted: { ...STRICT, topology: "sink", congestion: ["rx-missed"] },
  xdp_invalid: { ...STRICT, topology: "sink", congestion: ["rx-missed"] },
  xdp_pass: KERNEL_POLICY,
  xdp_tx: { ...STRICT, topology: "loop", macs: "swap", congestion: CONGESTION },
  xdp_redirect_map: { ...STRICT, topology: "paired", congestion: CONGESTION },
  xdp_redirect: { ...STRICT, topology: "paired", congestion: CONGESTION },
  xdp_redirect_cpu: { ...KERNEL_POLICY, congestion: [...KERNEL_POLICY.congestion, "ring-full"] },
  xdp_acl: KERNEL_POLICY,
  xdp_meta: KERNEL_POLICY,
  xdp_adjust: KERNEL_POLICY,
  xdp_tail: KERNEL_POLICY,
  xdp_calls: KERNEL_POLICY,
  xsk_def_prog: KERNEL_POLICY,
};

/** Name of a program of xdp-bench. */
export type XdpBenchName =
  | "xdp_drop"
  | "xdp_aborted"
  | "xdp_invalid"
  | "xdp_pass"
  | "xdp_tx"
  | "xdp_redirect_map"
  | "xdp_redirect"
  | "xdp_redirect_cpu"
  | "xdp_acl"
  | "xdp_meta"
  | "xdp_adjust"
  | "xdp_tail"
  | "xdp_calls"
  | "xsk_def_prog";

/** What a program of xdp-bench may be told. */
export interface XdpBenchOptions {
  /** xdp_redirect_map: a second program at the egress of every entry (xdp_egress). */
  readonly devmapProgram?: boolean;
  /** xdp_redirect_map: egress port of each port; by default 2k and 2k+1 are each other's. */
  readonly egress?: readonly number[];
  /** xdp_redirect_cpu: the CPU, frames that its ring holds, and whether it runs a program (xdp_on_cpu). */
  readonly cpu?: number;
  /** Frames of that ring (qsize), 1..16384; 192. */
  readonly qsize?: number;
  /** Whether the entry has a program. */
  readonly cpumapProgram?: boolean;
  /** xdp_acl: sources whose packets are dropped, as prefix and depth. */
  readonly deny?: readonly { readonly prefix: number; readonly depth: number }[];
  /** xdp_adjust: bytes by which the frame begins later. */
  readonly adjust?: number;
}

/**
 * The loader of xdp-bench: programs that drop, pass, send back, redirect to a port or to a CPU, filter, and so on.
 *
 * @example
 * ```ts
 * import { xdpBench } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(xdpBench("xdp_tx").policy.topology, "loop");
 * assertThrows(() => xdpBench("xdp_redirect_cpu", { qsize: 0 }), RangeError, "qsize 0");
 * ```
 * @throws {RangeError} when an option is out of range
 */
export function xdpBench(name: XdpBenchName, options: XdpBenchOptions = {}): XdpProgram {
  if (!(name in BENCH_POLICY)) {
    throw new TypeError(`Cannot configure xdp: xdp-bench has no program ${String(name)}`);
  }
  const { qsize = 192, cpu = 0, adjust = 0, egress, deny = [] } = options;
  check("qsize", qsize, 1, 16_384);
  check("cpu", cpu, 0, 15);
  check("adjust", adjust, -128, 1500);
  const setup: XdpProgram["setup"] = ({ maps, programs }, { ports, cpus }) => {
    const egressProgram = options.devmapProgram === true ? programs.get("xdp_egress")!.id : 0;
    for (let port = 0; port < ports; port++) {
      const to = ifindexOf(egress?.[port] ?? pairOf(port, ports));
      put(maps.get("tx_port")!, u32(ifindexOf(port)), u32(to, egressProgram));
    }
    const onCpu = options.cpumapProgram === true ? programs.get("xdp_on_cpu")!.id : 0;
    put(maps.get("cpu_map")!, u32(cpu % cpus), u32(qsize, onCpu));
    put(maps.get("settings")!, u32(0), u32(ifindexOf(egress?.[0] ?? pairOf(0, ports))));
    put(maps.get("settings")!, u32(1), u32(cpu % cpus));
    put(maps.get("settings")!, u32(2), u32(adjust));
    for (const { prefix, depth } of deny) put(maps.get("acl")!, lpmKey(prefix, depth), u32(1));
    put(maps.get("jump_table")!, u32(0), u32(programs.get("xdp_tail")!.id));
  };
  return { object: BENCH, name, policy: BENCH_POLICY[name], setup };
}

/** Key of an LPM trie of IPv4 prefixes: length, then the address most significant byte first. */
export function lpmKey(prefix: number, depth: number): Uint8Array {
  const key = u32(depth, 0);
  new DataView(key.buffer).setUint32(4, prefix, false);
  return key;
}

/** testpmd's paired topology. */
function pairOf(port: number, ports: number): number {
  const other = port ^ 1;
  return other < ports ? other : port;
}

function check(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot configure xdp: ${name} ${value} is not an integer in ${least}..${most}`,
  );
}
