/** What can be set, with the defaults of the original, and what is refused. */
import { LINK_RING_SIZE } from "./link.ts";
import type { SnabbModules } from "./modules.ts";

/** Knobs; names in brackets are the original's where they differ. */
export interface SnabbOptions {
  /** Configures the engine of each process, as a program's `run` does; by default the router of all ports. */
  readonly design?: (process: SnabbModules) => void;
  /** Breaths a second; false: as many as there is work for, with a sleep that adapts [engine.Hz]. */
  readonly Hz?: number | false;
  /** Never sleep [engine.busywait]; false. */
  readonly busywait?: boolean;
  /** Longest sleep in microseconds [engine.maxsleep]; 100. */
  readonly maxsleep?: number;
  /** Slots of a link, a power of two [LINK_RING_SIZE]; 1024. A pull takes a tenth of what a link holds. */
  readonly linkRingSize?: number;
  /**
   * Packets that a process may allocate [max_packets]; by default, where the original has 1,000,000, as many as rings
   * and links of the default design hold. Never more than the machine has memory for.
   */
  readonly maxPackets?: number;
  /** Processes pass packets on in chunks; true where there are several. */
  readonly groupFreelist?: boolean;
  /** Packets of such a chunk [chunksize]; 2048. */
  readonly chunkSize?: number;
  /** Whether traces are compiled from the start, or as code becomes hot; "warm". */
  readonly jit?: "warm" | "cold";
  /** Breaths from one pause of the garbage collector to the next; 1000. */
  readonly gcEveryBreaths?: number;
  /** Microseconds of such a pause; 0: there is none. */
  readonly gcPauseUs?: number;
  /** Events that the timeline keeps; 4096. */
  readonly timelineEvents?: number;
  /** Checks of the process's own parts, which `audit` reports [developer_debug]; true. */
  readonly developerDebug?: boolean;
}

/** Every knob set. */
export interface SnabbSettings {
  readonly design: ((process: SnabbModules) => void) | null;
  readonly Hz: number | false;
  readonly busywait: boolean;
  readonly maxsleep: number;
  readonly linkRingSize: number;
  readonly maxPackets: number | null;
  readonly groupFreelist: boolean;
  readonly chunkSize: number;
  readonly jit: "warm" | "cold";
  readonly gcEveryBreaths: number;
  readonly gcPauseUs: number;
  readonly timelineEvents: number;
  readonly developerDebug: boolean;
}

/** Smallest and largest. */
const LIMITS = {
  Hz: [1, 10_000_000],
  maxsleep: [1, 1_000_000],
  linkRingSize: [2, 65_536],
  maxPackets: [1, 100_000_000],
  chunkSize: [1, 65_536],
  gcEveryBreaths: [1, 1_000_000_000],
  gcPauseUs: [0, 1_000_000],
  timelineEvents: [1, 1_000_000],
} as const;

/**
 * Options with defaults filled in.
 * @throws {RangeError} when a number is out of range, or a ring is no power of two
 * @throws {TypeError} when `jit` is none of its words
 */
export function settingsOf(options: SnabbOptions): SnabbSettings {
  const settings: SnabbSettings = {
    design: options.design ?? null,
    Hz: options.Hz ?? false,
    busywait: options.busywait ?? false,
    maxsleep: options.maxsleep ?? 100,
    linkRingSize: options.linkRingSize ?? LINK_RING_SIZE,
    maxPackets: options.maxPackets ?? null,
    groupFreelist: options.groupFreelist ?? true,
    chunkSize: options.chunkSize ?? 2048,
    jit: options.jit ?? "warm",
    gcEveryBreaths: options.gcEveryBreaths ?? 1000,
    gcPauseUs: options.gcPauseUs ?? 0,
    timelineEvents: options.timelineEvents ?? 4096,
    developerDebug: options.developerDebug ?? true,
  };
  for (const [name, [least, most]] of Object.entries(LIMITS)) {
    const value = settings[name as keyof typeof LIMITS];
    if (value === false || value === null) continue;
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new RangeError(
      `Cannot configure snabb: ${name} ${value} is not an integer in ${least}..${most}`,
    );
  }
  const { linkRingSize, jit } = settings;
  if ((linkRingSize & (linkRingSize - 1)) !== 0) {
    throw new RangeError(
      `Cannot configure snabb: linkRingSize ${linkRingSize} is not a power of two`,
    );
  }
  if (jit !== "warm" && jit !== "cold") {
    throw new TypeError(`Cannot configure snabb: jit ${String(jit)} is neither "warm" nor "cold"`);
  }
  return settings;
}
