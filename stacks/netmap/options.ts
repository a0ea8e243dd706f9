/** What can be set on netmap, with its own defaults, and what is refused. */

/** Knobs; names in brackets are the system's own. */
export interface NetmapOptions {
  /** Packets that an application moves before it looks at the next ring [bridge -b]; 1024. */
  readonly burst?: number;
  /** Least microseconds between two interrupts of a queue pair [ethtool -C rx-usecs]; 50. */
  readonly itrUs?: number;
  /** Whether a sync looks for arrivals though no interrupt came [dev.netmap.no_pendintr]; true. */
  readonly noPendintr?: boolean;
  /** Whether poll sends only when it is asked for room [NR_NO_TX_POLL]; false. */
  readonly noTxPoll?: boolean;
  /** Buffers of region 1 [dev.netmap.buf_num]; absent, what the rings of the ports take. */
  readonly bufNum?: number;
  /** Bytes of a buffer [dev.netmap.buf_size]; 2048. */
  readonly bufSize?: number;
  /** Rings in all [dev.netmap.ring_num]; 200. */
  readonly ringNum?: number;
  /** Bytes of a ring with its slots [dev.netmap.ring_size]; 36864. */
  readonly ringSize?: number;
  /** Ports that are open at once [dev.netmap.if_num]; 100. */
  readonly ifNum?: number;
  /** 0 and 1: native mode; 2: emulated, on the driver as it is [dev.netmap.admode]; 0. */
  readonly admode?: number;
  /** Nanoseconds between two receive notifications in emulated mode [dev.netmap.generic_mit]; 100000. */
  readonly genericMitNs?: number;
  /**
   * IPv4 address of each port [ip address add]. With them there is an operating system to talk to: by the host rings
   * while a NIC is in netmap mode, by its driver afterwards. Absent, there is none.
   */
  readonly addresses?: readonly number[];
  /** Microsecond at which the application ends and the NICs go back to the operating system; absent, never. */
  readonly exitAtUs?: number;
  /** Slot of each netmap ring that descriptor 0 belongs to, as after a reset of the NIC [nkr_hwofs]; 0. */
  readonly hwofs?: number;
}

/** Every knob set. */
export type NetmapSettings = Required<Omit<NetmapOptions, "bufNum">> & {
  /** -1: as many as the rings take. */
  readonly bufNum: number;
};

/** Smallest and largest value of each number; what the sysctls themselves allow where they say so. */
const RANGES = {
  burst: [1, 65_536],
  itrUs: [0, 1000],
  bufNum: [2, 1_000_000],
  bufSize: [64, 2048],
  ringNum: [2, 1024],
  ringSize: [256, 32 * 4096],
  ifNum: [1, 1024],
  hwofs: [0, 65_535],
  admode: [0, 2],
  genericMitNs: [0, 10_000_000],
  exitAtUs: [1, Number.MAX_SAFE_INTEGER],
} as const;

/**
 * Options with defaults filled in.
 * @throws {RangeError} when a number is no integer or out of range
 * @throws {TypeError} when a switch is neither true nor false
 */
export function settingsOf(options: NetmapOptions): NetmapSettings {
  const settings = {
    burst: 1024,
    itrUs: 50,
    noPendintr: true,
    noTxPoll: false,
    bufSize: 2048,
    ringNum: 200,
    ringSize: 36_864,
    ifNum: 100,
    hwofs: 0,
    admode: 0,
    genericMitNs: 100_000,
    addresses: [],
    exitAtUs: Infinity,
    bufNum: -1,
    ...options,
  };
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = settings[name as keyof typeof RANGES];
    if ((name === "bufNum" || name === "exitAtUs") && options[name] === undefined) continue;
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new RangeError(
      `Cannot configure netmap: ${name} ${value} is not an integer in ${least}..${most}`,
    );
  }
  for (const address of settings.addresses) {
    if (Number.isInteger(address) && address >= 0 && address < 2 ** 32) continue;
    throw new RangeError(`Cannot configure netmap: address ${address} is not one of IPv4`);
  }
  for (const name of ["noPendintr", "noTxPoll"] as const) {
    if (typeof settings[name] === "boolean") continue;
    throw new TypeError(
      `Cannot configure netmap: ${name} ${String(settings[name])} is neither true nor false`,
    );
  }
  return settings;
}
