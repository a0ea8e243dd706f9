/** What can be set: startup.conf, and what is typed at the CLI before packets flow and while they do. */
import { parseIp6 } from "./ip6_text.ts";
import { parseCommand, type VppCommand } from "./cli.ts";

/** How many packets the loops of ip4-input, ip4-lookup and ip4-rewrite take together. */
export type VppLoop = "single" | "dual" | "quad";

/** A line of the CLI and the microsecond at which it is typed; workers stop at a barrier while it runs. */
export interface TimedCommand {
  /** Microsecond at which it is typed; lines are in order of time. */
  readonly atUs: number;
  /** The line, e.g. `clear runtime`. */
  readonly command: string;
}

/** Knobs; names in brackets are the system's own. */
export interface VppOptions {
  /** Buffers of the pool [buffers { buffers-per-numa }]; absent, what rings and threads hold at most. */
  readonly buffersPerNuma?: number;
  /** Vectors of a frame at most, 1..256 [VLIB_FRAME_SIZE]; 256. */
  readonly frameSize?: number;
  /** Packets that a loop takes together; `"quad"`. */
  readonly loop?: VppLoop;
  /**
   * IPv4 address of each port [set interface ip address]. With them ICMP errors are sent, requests for them answered,
   * and pings of them; absent, none is.
   */
  readonly addresses?: readonly number[];
  /**
   * IPv4 address of each next hop. With them, and `addresses`, none of their MAC addresses is known at first and ARP
   * asks; absent, next hop N has address 192.0.2.N and its MAC address is known for good.
   */
  readonly neighbours?: readonly number[];
  /** Longest packet that a port sends, for packets that must not be cut [set interface mtu packet]; 9000. */
  readonly mtu?: number;
  /**
   * IPv6 address of each port. With them ICMPv6 errors are sent, solicitations answered, and pings; a next hop that a
   * route names and nobody has set is asked for. Absent, none is.
   */
  readonly addresses6?: readonly string[];
  /** Microseconds between two requests for one address [THROTTLE of ip4-arp]; 1000. */
  readonly throttleUs?: number;
  /** Frames that wait for a worker in its hand-off queue [frame_queue_nelts]; 64. */
  readonly frameQueueSize?: number;
  /** Counts main loops that find nothing as they happen; an idle loop is then stepped. False. */
  readonly pollStats?: boolean;
  /** Whether dispatches are watched for the invariants; true. Benchmarks do without. */
  readonly audit?: boolean;
  /** CLI lines run before the interfaces start [unix { startup-config FILE }]. */
  readonly startup?: readonly string[];
  /** CLI lines typed while packets flow, in order of time. */
  readonly commands?: readonly TimedCommand[];
}

/** Every knob set, CLI lines parsed. */
export interface VppSettings {
  readonly buffersPerNuma: number | null;
  readonly frameSize: number;
  readonly loop: VppLoop;
  readonly addresses: readonly number[];
  readonly neighbours: readonly number[];
  /** Four words each. */
  readonly addresses6: readonly (readonly number[])[];
  readonly mtu: number;
  readonly throttleUs: number;
  readonly frameQueueSize: number;
  readonly pollStats: boolean;
  readonly audit: boolean;
  readonly startup: readonly VppCommand[];
  readonly commands: readonly { readonly atUs: number; readonly command: VppCommand }[];
}

const LOOPS: readonly VppLoop[] = ["single", "dual", "quad"];
/** Lines that set up what threads begin with. */
const AT_START: readonly VppCommand["do"][] = ["rx-mode", "rx-placement", "handoff"];
/** The least MTU of IPv4 (RFC 791, 3.2). */
const MTU_MIN = 68;

/**
 * Options with defaults filled in.
 * @throws {RangeError} when one is no integer or out of range
 * @throws {TypeError} when `loop` is none of its words, or a line is no command
 */
export function settingsOf(options: VppOptions): VppSettings {
  const { buffersPerNuma = null, frameSize = 256, loop = "quad", mtu = 9000 } = options;
  const { addresses = [], neighbours = [], throttleUs = 1000, frameQueueSize = 64 } = options;
  const { addresses6 = [], pollStats = false, audit = true, startup = [], commands = [] } = options;
  if (buffersPerNuma !== null) check("buffersPerNuma", buffersPerNuma, 1, 2 ** 20);
  check("frameSize", frameSize, 1, 256);
  check("mtu", mtu, MTU_MIN, 65_535);
  check("throttleUs", throttleUs, 0, 1e9);
  check("frameQueueSize", frameQueueSize, 1, 65_536);
  for (const one of addresses) check("address", one, 0, 2 ** 32 - 1);
  for (const one of neighbours) check("neighbour", one, 0, 2 ** 32 - 1);
  if (neighbours.length > 0 && addresses.length === 0) {
    throw new RangeError("Cannot configure vpp: neighbours without addresses to ask from");
  }
  if (!LOOPS.includes(loop)) {
    throw new TypeError(`Cannot configure vpp: loop "${loop}" is not one of ${LOOPS.join(", ")}`);
  }
  let before = 0;
  for (const { atUs } of commands) {
    check("atUs", atUs, before, Number.MAX_SAFE_INTEGER);
    before = atUs;
  }
  const timed = commands.map(({ atUs, command }) => ({ atUs, command: parseCommand(command) }));
  const early = timed.findIndex(({ command }) => AT_START.includes(command.do));
  if (early >= 0) {
    throw new RangeError(
      `Cannot configure vpp: "${commands[early]!.command}" while packets flow, expected in startup`,
    );
  }
  return {
    ...{ buffersPerNuma, frameSize, loop, addresses, neighbours, mtu, throttleUs },
    ...{ frameQueueSize, pollStats, audit },
    addresses6: addresses6.map(parseIp6),
    startup: startup.map(parseCommand),
    commands: timed,
  };
}

function check(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot configure vpp: ${name} ${value} is not an integer in ${least}..${most}`,
  );
}
