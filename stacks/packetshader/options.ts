/** What can be set on PacketShader, with its defaults, and what is refused. */
import { CHUNK_MAX } from "./chunk.ts";
import type { PsTunnel } from "./app_ipsec.ts";
import type { PsFlow } from "./flow.ts";
import type { Route6 } from "./length_search.ts";

/** What runs on the I/O engine. */
export type PsApp = "ipv4" | "ipv6" | "openflow" | "ipsec" | "echo";

/** A route changes at a time, in microseconds; lcore 0 does it when it gets to it. */
export interface PsRouteCommand {
  /** When. */
  readonly atUs: number;
  /** Added or changed, or taken out. */
  readonly route: "replace" | "del";
  /** Its prefix. */
  readonly prefix: number;
  /** Length of the prefix. */
  readonly depth: number;
  /** Its next hop, to be replaced with. */
  readonly nextHop?: number;
}

/** Knobs; names in brackets are the system's own. */
export interface PacketShaderOptions {
  /** Application; `"ipv4"`. */
  readonly app?: PsApp;
  /** Where kernels run: always on the GPU, never, or there for large chunks only; `"opportunistic"`. */
  readonly offload?: "gpu" | "cpu" | "opportunistic";
  /** Packets of a chunk from which on it is worth a trip to the GPU, unless the chunk is full before; 320. */
  readonly offloadThreshold?: number;
  /** Packets that a chunk is asked for [cnt of RECV_CHUNK], where host memory has them; 256, and 64 for `"echo"`. */
  readonly chunk?: number;
  /** Chunks of a worker, with the master or in its own hands (chunk pipelining); 4. */
  readonly inFlight?: number;
  /** Packets that a master gathers for one launch; 3072. */
  readonly batch?: number;
  /** Copies and kernels of different batches overlap (concurrent copy and execution); false. */
  readonly streams?: boolean;
  /** A worker without work sleeps until an interrupt [recv_blocking]; true. */
  readonly recvBlocking?: boolean;
  /** What a transmit ring refuses is sent later; false drops it, as `echo` does; true. */
  readonly sendRetry?: boolean;
  /** NUMA nodes that lcores, ports and GPUs are divided among; 1. */
  readonly nodes?: number;
  /** Workers receive from interfaces of their own node, or from all; `"local"`. */
  readonly numa?: "local" | "blind";
  /** All queues count in one cache line, as drivers did; false. */
  readonly sharedStatistics?: boolean;
  /** First-level bits of DIR-24-8; 24, fewer where tables are made by the thousand. */
  readonly firstBits?: 8 | 16 | 24;
  /** Buffers of host memory, for larger chunks than it has room for otherwise. */
  readonly mbufs?: number;
  /** Routes of `"ipv6"`. */
  readonly routes6?: readonly Route6[];
  /** Entries of `"openflow"`. */
  readonly flows?: readonly PsFlow[];
  /** The tunnel of `"ipsec"`. */
  readonly tunnel?: PsTunnel;
  /** What `"echo"` does: addresses swapped, as it is [-a], or nothing is sent [-s]; `"swap"`. */
  readonly echo?: "swap" | "as-is" | "sink";
  /** Changes of IPv4 routes while packets flow, in order of time. */
  readonly commands?: readonly PsRouteCommand[];
}

/** Every knob set. */
export type PsSettings = Required<Omit<PacketShaderOptions, "mbufs" | "tunnel">> & {
  readonly mbufs: number | null;
  readonly tunnel: PsTunnel | null;
};

const DEFAULTS: PsSettings = {
  app: "ipv4",
  offload: "opportunistic",
  offloadThreshold: 320,
  chunk: 256,
  inFlight: 4,
  batch: 3072,
  streams: false,
  recvBlocking: true,
  sendRetry: true,
  nodes: 1,
  numa: "local",
  sharedStatistics: false,
  firstBits: 24,
  mbufs: null,
  routes6: [],
  flows: [],
  tunnel: null,
  echo: "swap",
  commands: [],
};

const CHOICES: { readonly [name: string]: readonly unknown[] } = {
  app: ["ipv4", "ipv6", "openflow", "ipsec", "echo"],
  offload: ["gpu", "cpu", "opportunistic"],
  numa: ["local", "blind"],
  firstBits: [8, 16, 24],
  echo: ["swap", "as-is", "sink"],
  streams: [true, false],
  recvBlocking: [true, false],
  sendRetry: [true, false],
  sharedStatistics: [true, false],
};

/** Largest values: of the engine where it has some, and what keeps arrays bounded. */
const RANGES: { readonly [name: string]: readonly [number, number] } = {
  offloadThreshold: [1, 1_000_000],
  chunk: [1, CHUNK_MAX],
  inFlight: [2, 256],
  batch: [1, 1_000_000],
  nodes: [1, 8],
};

/**
 * Options with defaults filled in.
 * @throws {RangeError} when a number is out of range
 * @throws {TypeError} when a choice is none
 */
export function settingsOf(options: PacketShaderOptions): PsSettings {
  const chunk = options.app === "echo" ? 64 : DEFAULTS.chunk;
  const settings: PsSettings = { ...DEFAULTS, chunk, ...options };
  const values = settings as unknown as Record<string, unknown>;
  for (const [name, allowed] of Object.entries(CHOICES)) {
    if (allowed.includes(values[name])) continue;
    throw new TypeError(
      `Cannot configure packetshader: ${name} ${String(values[name])} is not one of ${
        allowed.join(", ")
      }`,
    );
  }
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = values[name];
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) continue;
    throw new RangeError(
      `Cannot configure packetshader: ${name} ${
        String(value)
      } is not an integer in ${least}..${most}`,
    );
  }
  checkTables(settings);
  return settings;
}

function checkTables({ routes6, commands, app, tunnel }: PsSettings): void {
  if (app === "ipsec" && (tunnel?.key.length !== 16 || tunnel.authKey.length !== 20)) {
    throw new RangeError(
      "Cannot configure packetshader: ipsec needs a tunnel with keys of 16 and 20 bytes",
    );
  }
  for (const { prefix, depth, nextHop } of routes6) {
    const words = prefix.length === 4 && prefix.every((w) => w >>> 0 === w);
    if (
      words && depth >= 0 && depth <= 128 && Number.isInteger(depth) && nextHop >>> 0 === nextHop
    ) {
      continue;
    }
    throw new RangeError(
      `Cannot configure packetshader: ${prefix.join(":")}/${depth} to ${nextHop} is no IPv6 route`,
    );
  }
  let before = 0;
  for (const { atUs, route, nextHop } of commands) {
    const right = atUs >= before && (route === "del" || (nextHop ?? -1) >= 0) && app === "ipv4";
    if (!right) {
      throw new RangeError(
        `Cannot configure packetshader: command ${route} at ${atUs} us is out of order, without next hop, or not ` +
          "for IPv4",
      );
    }
    before = atUs;
  }
}
