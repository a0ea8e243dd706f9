/** What can be set on testpmd, with its defaults, and what is refused. */
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { checkKnob, checkPortOptions, checkWord, type PortOptions } from "./port_options.ts";

/** Most packets of a burst: what the driver's receive function answers at most. */
const BURST_MAX = 32;

/** A command at testpmd's prompt, and when it is given. */
export interface TestpmdCommand {
  /** Microseconds after the start. */
  readonly atUs: number;
  /** What is typed; see `testpmd_commands.ts` for what is known. */
  readonly command: string;
}

/** Knobs; names in brackets are testpmd's parameters. */
export interface TestpmdOptions extends PortOptions {
  /** Forwarding engine [--forward-mode]; `"io"`. */
  readonly mode?: "io" | "mac" | "macswap" | "rxonly";
  /** Where a port's packets go [--port-topology]; `"paired"`. */
  readonly topology?: "paired" | "chained" | "loop";
  /** Packets of a burst, 1..32 [--burst]; 32. */
  readonly burst?: number;
  /** Sends again what a full transmit ring refused [set fwd MODE retry]; false. */
  readonly retry?: boolean;
  /** How often, at most [set burst tx delay US retry NUM]; 64. */
  readonly burstTxRetryNum?: number;
  /** Microseconds before each time, in which the lcore does nothing else; 1. */
  readonly burstTxDelayUs?: number;
  /** Counts bursts by size, empty ones too [--record-burst-stats]; false. */
  readonly recordBurstStats?: boolean;
  /** Counts the cycles of turns that moved packets [--record-core-cycles]; false. */
  readonly recordCoreCycles?: boolean;
  /** Commands in order of time; none. */
  readonly commands?: readonly TestpmdCommand[];
}

/** Every knob set. */
export type TestpmdSettings = TestpmdOptions & Required<Omit<TestpmdOptions, keyof PortOptions>>;

/**
 * Options with defaults filled in.
 * @throws {RangeError} when a number is no integer or out of range, or commands are not in order of time
 * @throws {TypeError} when a word is none of those that its knob knows
 */
export function testpmdSettings(options: TestpmdOptions): TestpmdSettings {
  const { mode = "io", topology = "paired", burst = BURST_MAX, commands = [] } = options;
  const { recordBurstStats = false, recordCoreCycles = false } = options;
  const { retry = false, burstTxRetryNum = 64, burstTxDelayUs = 1 } = options;
  checkPortOptions("testpmd", options);
  checkWord("testpmd", "mode", mode, ["io", "mac", "macswap", "rxonly"]);
  checkWord("testpmd", "topology", topology, ["paired", "chained", "loop"]);
  checkKnob("testpmd", "burst", burst, 1, BURST_MAX);
  checkKnob("testpmd", "burstTxRetryNum", burstTxRetryNum, 1, 65535);
  checkKnob("testpmd", "burstTxDelayUs", burstTxDelayUs, 1, 1_000_000);
  let before = 0;
  for (const { atUs, command } of commands) {
    if (!(atUs >= before && atUs < 1e9)) {
      throw new RangeError(
        `Cannot configure testpmd: command "${command}" is given at ${atUs} us, expected a time ` +
          `not before ${before} us`,
      );
    }
    before = atUs;
  }
  const records = { recordBurstStats, recordCoreCycles };
  const again = { retry, burstTxRetryNum, burstTxDelayUs };
  return { ...options, mode, topology, burst, commands, ...records, ...again };
}

/** What testpmd declares: it looks at nothing, and drops what a full transmit ring refuses. */
export function testpmdPolicy({ mode, topology }: TestpmdSettings): Policy {
  const macs = ({ io: "keep", mac: "set", macswap: "swap", rxonly: "keep" } as const)[mode];
  return {
    ...STRICT,
    checksum: "trust",
    ttl: "ignore",
    header: "minimal",
    dstMac: "port",
    topology: mode === "rxonly" ? "sink" : topology,
    macs,
    congestion: mode === "rxonly" ? ["rx-missed"] : ["rx-missed", "tx-full"],
  };
}
