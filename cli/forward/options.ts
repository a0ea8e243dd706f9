/** The options of `planecheck forward`: every one checked, every refusal one line. */
import { z } from "zod";
import { checked, number, oneOf, path } from "../option_schema.ts";
import { STACK_NAMES } from "../stacks.ts";
import { UserError } from "../user_error.ts";

/** Most ports. */
export const PORTS_MAX = 16;

/** Where a port's frames come from and go to. */
export type PortOption =
  | { readonly kind: "af_packet" | "tap" | "xdp" | "xdp-native"; readonly name: string }
  | { readonly kind: "pcap"; readonly input: string; readonly output: string };

/** What `forward` was asked to do. */
export interface ForwardOptions {
  readonly stack: string;
  readonly ports: readonly PortOption[];
  /** Path of a prefix list; null for a route of a quarter of all addresses to each port. */
  readonly routes: string | null;
  /** MAC address of the next hop on each port. */
  readonly ethDest: readonly Uint8Array[];
  /** Descriptors of each ring of the driver. */
  readonly ring: number;
  /** Slots of a packet socket for what comes. */
  readonly slots: number;
  /** Seconds after which it ends; null for a signal. */
  readonly seconds: number | null;
  /** Port of the loopback interface where metrics are served; null for none. */
  readonly metrics: number | null;
  /** Interfaces that have addresses of this machine are taken too. */
  readonly force: boolean;
  readonly json: boolean;
}

const PORT = "NAME, tap:NAME, xdp:NAME, xdp-native:NAME or pcap:IN,OUT";
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
const NAME = /^[^\s/:,]{1,15}$/;

const schema = z.strictObject({
  stack: oneOf(STACK_NAMES),
  port: z.array(z.string()).optional(),
  routes: path,
  ethDest: z.array(z.string()).optional(),
  ring: number(
    /^\d{1,5}$/,
    "a power of two in 64..4096",
    (n) => n >= 64 && n <= 4096 && (n & (n - 1)) === 0,
  ),
  slots: number(
    /^\d{1,6}$/,
    "a multiple of 32 in 1024..65536",
    (n) => n >= 1024 && n <= 65536 && n % 32 === 0,
  ),
  seconds: number(/^\d{1,6}(\.\d{1,3})?$/, "a number of seconds above 0", (n) => n > 0),
  metrics: number(/^\d{1,5}$/, "a TCP port in 1..65535", (n) => n >= 1 && n <= 65535),
  force: z.boolean().optional(),
  json: z.boolean().optional(),
});

/**
 * Checks options as the command line has them.
 * @throws {UserError} naming the option, what was expected and what was given
 */
export function parseForwardOptions(raw: Record<string, unknown>): ForwardOptions {
  const o = checked(schema, raw);
  const ports = (o.port ?? []).map(portOption);
  if (!(ports.length >= 2 && ports.length <= PORTS_MAX)) {
    throw new UserError(`--port: expected 2..${PORTS_MAX} of them, got ${ports.length}`);
  }
  const names = ports.map((port) => port.kind === "pcap" ? port.output : port.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new UserError(`--port: expected each once, got "${twice}" twice`);
  return {
    stack: o.stack ?? "dpdk",
    ports,
    routes: o.routes ?? null,
    ethDest: destinations(o.ethDest ?? [], ports.length),
    ring: o.ring ?? 512,
    slots: o.slots ?? 32768,
    seconds: o.seconds ?? null,
    metrics: o.metrics ?? null,
    force: o.force ?? false,
    json: o.json ?? false,
  };
}

function portOption(text: string): PortOption {
  const [, kind = "", rest = ""] = /^(tap|xdp|xdp-native|pcap):(.*)$/.exec(text) ?? ["", "", text];
  if (kind === "pcap") {
    const [input = "", output = "", more] = rest.split(",");
    if (input !== "" && output !== "" && more === undefined) return { kind, input, output };
  } else if (NAME.test(rest)) {
    const isOther = kind === "tap" || kind === "xdp" || kind === "xdp-native";
    return { kind: isOther ? kind : "af_packet", name: rest };
  }
  throw new UserError(`--port: expected ${PORT}, got ${JSON.stringify(text)}`);
}

/** One for each port: 02:00:00:00:00:PORT unless told, as DPDK's l3fwd has it. */
function destinations(texts: readonly string[], ports: number): Uint8Array[] {
  const macs = Array.from({ length: ports }, (_, port) => Uint8Array.of(2, 0, 0, 0, 0, port));
  for (const text of texts) {
    const [port = "", mac = "", more] = text.split(",");
    if (!(/^\d+$/.test(port) && Number(port) < ports && MAC.test(mac) && more === undefined)) {
      throw new UserError(
        `--eth-dest: expected PORT,MAC with a port in 0..${ports - 1}, got ${JSON.stringify(text)}`,
      );
    }
    macs[Number(port)] = Uint8Array.from(mac.split(":"), (byte) => parseInt(byte, 16));
  }
  return macs;
}
