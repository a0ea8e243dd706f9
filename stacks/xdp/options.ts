/** What can be set on the path, with the kernel's defaults, and what is refused. */
import type { LoadedObject } from "../../core/bpf/mod.ts";
import { KERNEL_DEFAULTS, type KernelSettings } from "../../core/linux/kernel.ts";
import type { XdpMode } from "./devices.ts";

/** Knobs; names in brackets are the system's own. */
export interface XdpOptions {
  /** In the driver [ip link set xdpdrv], or behind the skb [xdpgeneric]; `"native"`. */
  readonly mode?: XdpMode;
  /** IPv4 address of each port [ip address add]; with them the stack sends ICMP errors. */
  readonly addresses?: readonly number[];
  /** IPv4 address of each next hop; with them, and `addresses`, ARP has to resolve each first. */
  readonly neighbours?: readonly number[];
  /** Longest packet that a port sends [ip link set mtu]; absent, any. */
  readonly mtu?: number;
  /** Fixed interrupt interval in microseconds [ethtool -C rx-usecs]; absent, adaptive. */
  readonly itrUs?: number;
  /** Packets that each queueing discipline holds [txqueuelen]; 1000. */
  readonly txqueuelen?: number;
  /** A packet socket on all ports [tcpdump -i any]; false. */
  readonly tap?: boolean;
  /** Looks at every frame when a program is entered and left [xdpdump --rx-capture entry,exit]; false. */
  readonly xdpdump?: boolean;
  /** Ports whose driver cannot send XDP frames [no ndo_xdp_xmit]. */
  readonly withoutXmit?: readonly number[];
  /** Ports that are down for redirects [ip link set down]. */
  readonly down?: readonly number[];
  /** What an administrator does while packets flow, in order of time. */
  readonly commands?: readonly XdpCommand[];
}

/** A command and the microsecond at which it is given; CPU 0 runs it when it gets to it. */
export type XdpCommand =
  & { readonly atUs: number }
  & (
    | {
      /** [ip link set dev ethP xdp obj f.o program NAME], or `null` [xdp off]; on all ports, or on one. */
      readonly attach: string | null;
      readonly port?: number;
    }
    | {
      /** Changes maps from user mode [bpftool map update]. */
      readonly maps: (maps: LoadedObject["maps"]) => void;
    }
    | {
      readonly route: "replace";
      readonly prefix: number;
      readonly depth: number;
      readonly nextHop: number;
    }
    | { readonly route: "del"; readonly prefix: number; readonly depth: number }
  );

/** Every knob set. */
export interface XdpSettings {
  readonly mode: XdpMode;
  readonly kernel: KernelSettings;
  readonly xdpdump: boolean;
  readonly withoutXmit: readonly number[];
  readonly down: readonly number[];
  readonly commands: readonly XdpCommand[];
}

/** Largest values, as the kernel's own path has them. */
const MOST = { itrUs: 1000, txqueuelen: 100_000, mtu: 65_535, address: 2 ** 32 - 1 };
/** The least MTU of IPv4 (RFC 791, 3.2). */
const MTU_MIN = 68;

/**
 * Options with defaults filled in.
 * @throws {RangeError} when one is no integer or out of range
 * @throws {TypeError} when the mode is unknown
 */
export function settingsOf(options: XdpOptions): XdpSettings {
  const { mode = "native", addresses = [], neighbours = [], mtu = Infinity } = options;
  const { itrUs = -1, txqueuelen = KERNEL_DEFAULTS.txqueuelen, tap = false } = options;
  const { xdpdump = false, withoutXmit = [], down = [], commands = [] } = options;
  if (mode !== "native" && mode !== "generic") {
    throw new TypeError(
      `Cannot configure xdp: mode ${String(mode)} is neither "native" nor "generic"`,
    );
  }
  check("itrUs", itrUs, options.itrUs === undefined ? -1 : 0, MOST.itrUs);
  check("txqueuelen", txqueuelen, 1, MOST.txqueuelen);
  if (mtu !== Infinity) check("mtu", mtu, MTU_MIN, MOST.mtu);
  for (const one of [...addresses, ...neighbours]) check("address", one, 0, MOST.address);
  for (const port of [...withoutXmit, ...down]) check("port", port, 0, 63);
  if (neighbours.length > 0 && addresses.length === 0) {
    throw new RangeError("Cannot configure xdp: neighbours without addresses to ask from");
  }
  let before = 0;
  for (const { atUs } of commands) {
    check("atUs", atUs, before, Number.MAX_SAFE_INTEGER);
    before = atUs;
  }
  const kernel = { ...KERNEL_DEFAULTS, itrUs, txqueuelen, addresses, neighbours, mtu, tap };
  return { mode, kernel, xdpdump, withoutXmit, down, commands };
}

function check(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot configure xdp: ${name} ${value} is not an integer in ${least}..${most}`,
  );
}
