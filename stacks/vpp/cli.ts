/**
 * Lines of the debug CLI as data. Interfaces are named, addresses are IPv4 or IPv6 by how they are written.
 *
 * Source: VPP, short_help of the commands in src/vnet, src/vlib, src/plugins/acl.
 */
import {
  type AclRule,
  type CliPath,
  type CliPrefix,
  parsePaths,
  parsePrefix,
  parseRule,
} from "./cli_words.ts";

/** A parsed line. */
export type VppCommand =
  | { readonly do: "state"; readonly name: string; readonly up: boolean }
  | { readonly do: "mtu"; readonly name: string; readonly mtu: number }
  | { readonly do: "rx-mode"; readonly name: string; readonly mode: RxMode }
  | {
    readonly do: "rx-placement";
    readonly name: string;
    readonly queue: number;
    readonly worker: number;
  }
  | { readonly do: "sub-interface"; readonly name: string; readonly vlan: number }
  | { readonly do: "xconnect"; readonly name: string; readonly to: string }
  | { readonly do: "bridge"; readonly name: string; readonly domain: number }
  | {
    readonly do: "feature";
    readonly name: string;
    readonly node: string;
    readonly arc: string;
    readonly enable: boolean;
  }
  | { readonly do: "acl"; readonly rules: readonly AclRule[]; readonly stateful: boolean }
  | {
    readonly do: "acl-apply";
    readonly name: string;
    readonly acl: number;
    readonly enable: boolean;
  }
  | { readonly do: "handoff"; readonly name: string; readonly workers: readonly number[] }
  | { readonly do: "route-add"; readonly prefix: CliPrefix; readonly paths: readonly CliPath[] }
  | { readonly do: "route-del"; readonly prefix: CliPrefix }
  | {
    readonly do: "neighbor";
    readonly name: string;
    readonly address: string;
    readonly mac: number[];
  }
  | { readonly do: "trace"; readonly node: string; readonly count: number }
  | { readonly do: "clear"; readonly what: "runtime" | "interfaces" | "errors" | "trace" };

/** How a receive queue is served. */
export type RxMode = "polling" | "interrupt" | "adaptive";

type Parser = readonly [RegExp, (...groups: string[]) => VppCommand];

const PARSERS: readonly Parser[] = [
  [
    /^set interface state (\S+) (up|down)$/,
    (name, to) => ({ do: "state", name: name!, up: to === "up" }),
  ],
  [
    /^set interface mtu packet (\d+) (\S+)$/,
    (mtu, name) => ({ do: "mtu", name: name!, mtu: Number(mtu) }),
  ],
  [
    /^set interface rx-mode (\S+) (polling|interrupt|adaptive)$/,
    (name, mode) => ({ do: "rx-mode", name: name!, mode: mode as RxMode }),
  ],
  [
    /^set interface rx-placement (\S+) queue (\d+) worker (\d+)$/,
    (name, queue, worker) => ({
      ...{ do: "rx-placement" as const, name: name! },
      ...{ queue: Number(queue), worker: Number(worker) },
    }),
  ],
  [
    /^create sub-interfaces (\S+) (\d+)$/,
    (name, vlan) => ({ do: "sub-interface", name: name!, vlan: Number(vlan) }),
  ],
  [
    /^set interface l2 xconnect (\S+) (\S+)$/,
    (name, to) => ({ do: "xconnect", name: name!, to: to! }),
  ],
  [
    /^set interface l2 bridge (\S+) (\d+)$/,
    (name, domain) => ({ do: "bridge", name: name!, domain: Number(domain) }),
  ],
  [
    /^set interface feature (\S+) (\S+) arc (\S+)( disable)?$/,
    (name, node, arc, off) => ({
      ...{ do: "feature" as const, name: name!, node: node!, arc: arc! },
      enable: off === undefined,
    }),
  ],
  [
    /^set acl-plugin acl (.+)$/,
    (rules) => ({
      do: "acl",
      rules: rules!.split(", ").map(parseRule),
      stateful: rules!.includes("+reflect"),
    }),
  ],
  [
    /^set acl-plugin interface (\S+) input acl (\d+)( del)?$/,
    (name, acl, off) => ({
      do: "acl-apply",
      name: name!,
      acl: Number(acl),
      enable: off === undefined,
    }),
  ],
  [
    /^set interface handoff (\S+) workers ([\d,]+)$/,
    (name, list) => ({ do: "handoff", name: name!, workers: list!.split(",").map(Number) }),
  ],
  [
    /^ip route add (\S+) ((?:via \S+(?: [A-Z]\S*)?(?: weight \d+)? ?)+)$/,
    (prefix, paths) => ({
      do: "route-add",
      prefix: parsePrefix(prefix!),
      paths: parsePaths(paths!),
    }),
  ],
  [/^ip route del (\S+)$/, (prefix) => ({ do: "route-del", prefix: parsePrefix(prefix!) })],
  [
    /^set ip neighbor (\S+) (\S+) ((?:[0-9a-f]{2}:){5}[0-9a-f]{2})$/,
    (name, address, mac) => ({
      ...{ do: "neighbor" as const, name: name!, address: address! },
      mac: mac!.split(":").map((byte) => parseInt(byte, 16)),
    }),
  ],
  [
    /^trace add (\S+) (\d+)$/,
    (node, count) => ({ do: "trace", node: node!, count: Number(count) }),
  ],
  [
    /^clear (runtime|interfaces|errors|trace)$/,
    (what) => ({ do: "clear", what: what as "runtime" | "interfaces" | "errors" | "trace" }),
  ],
];

/**
 * A line as data.
 * @throws {TypeError} when it is none of the commands known here
 */
export function parseCommand(line: string): VppCommand {
  for (const [pattern, make] of PARSERS) {
    const found = pattern.exec(line);
    if (found !== null) return make(...found.slice(1));
  }
  throw new TypeError(`Cannot configure vpp: unknown input "${line}"`);
}
