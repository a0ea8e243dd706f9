/** What can be set on ZC, with the defaults of library and examples, and what is refused. */
import type { ZcDistribution } from "./zc_worker.ts";

/** Knobs; names in brackets are those of library and examples. */
export interface PfRingZcOptions {
  /**
   * `"router"`: every lcore reads the channels of its number and routes what comes. `"zbounce"`: the same, but what
   * port 2k receives leaves port 2k + 1 untouched, and the other way round. `"zbalance"`: lcore 0 reads all
   * channels and hands packets to consumers, one on each other lcore, which route them [zbalance_ipc]. `"zcount"`:
   * every lcore counts what comes and keeps nothing. `"router"`.
   */
  readonly application?: "router" | "zbounce" | "zbalance" | "zcount";
  /** How packets are waited for [wait_for_packet, -a]: `"active"` polls for ever, `"sleep"` waits for an interrupt. */
  readonly wait?: "active" | "sleep";
  /** Packets of a burst; 32, the examples' BURST_LEN. */
  readonly burst?: number;
  /** Whether TDT is written for every packet [zbounce -f]; false, once for a burst. */
  readonly flushPacket?: boolean;
  /** zbalance: where packets go [-m]; `"ip-hash"`. */
  readonly distribution?: ZcDistribution;
  /** zbalance: whether round robin passes over a full queue; false. */
  readonly relaxed?: boolean;
  /** zbalance: consumers [-n]; absent, one on each lcore but the first, and one at least. */
  readonly consumers?: number;
  /** zbalance: slots of each queue [-q]; 8192. */
  readonly queueLen?: number;
  /** zbalance: whether consumers count packets [zcount_ipc] instead of routing them; false, true with fan-out. */
  readonly count?: boolean;
  /** zcount, zbalance: cycles that consumer 0 spends on each packet beside; 0. */
  readonly slowCycles?: number;
  /**
   * The NIC's driver: ZC's own, or a standard one, whose packets the kernel copies into buffers of the cluster
   * (1-copy mode) and sends by system calls; `"zc"`.
   */
  readonly driver?: "zc" | "standard";
  /** Both directions of a flow reach the same channel [PF_RING_ZC_SYMMETRIC_RSS]; false. */
  readonly symmetricRss?: boolean;
  /** Microsecond at which the application closes its channels and the kernel has the interfaces again; absent, never. */
  readonly closeAtUs?: number;
  /** IPv4 address of each port, for a kernel that has the interface [ip address add]; none. */
  readonly addresses?: readonly number[];
  /** Buffers of the cluster [tot_num_buffers]; absent, what rings, queues and applications need. */
  readonly buffers?: number;
}

/** Every knob set. */
export type PfRingZcSettings =
  & Required<Omit<PfRingZcOptions, "consumers" | "buffers" | "closeAtUs">>
  & {
    /** 0: by lcores. */
    readonly consumers: number;
    /** 0: as needed. */
    readonly buffers: number;
    /** Infinity: never. */
    readonly closeAtUs: number;
  };

/** Consumers that a balancer has at most (v3 of the balancer); a fan-out mask has 64 bits. */
const QUEUES_MAX = 128;
const FAN_OUT_MAX = 64;

/**
 * Options with defaults filled in.
 * @throws {RangeError} when one is no integer or out of range
 * @throws {TypeError} when one is none of its words
 */
export function zcSettingsOf(options: PfRingZcOptions): PfRingZcSettings {
  const { application = "router", wait = "active", burst = 32, flushPacket = false } = options;
  const { distribution = "ip-hash", relaxed = false, consumers = 0, queueLen = 8192 } = options;
  const { count = distribution === "fan-out", slowCycles = 0, buffers = 0 } = options;
  const { driver = "zc", symmetricRss = false, closeAtUs = Infinity, addresses = [] } = options;
  word("driver", driver, ["zc", "standard"]);
  if (options.closeAtUs !== undefined) check("closeAtUs", closeAtUs, 0, 1e9);
  for (const address of addresses) check("address", address, 0, 2 ** 32 - 1);
  if (closeAtUs !== Infinity && (driver !== "zc" || application === "zbalance")) {
    throw new RangeError(
      "Cannot configure pf_ring ZC: a balancer, or a standard driver, has no closeAtUs",
    );
  }
  word("application", application, ["router", "zbounce", "zbalance", "zcount"]);
  word("wait", wait, ["active", "sleep"]);
  word("distribution", distribution, ["round-robin", "ip-hash", "fan-out"]);
  check("burst", burst, 1, 64);
  const most = distribution === "fan-out" ? FAN_OUT_MAX : QUEUES_MAX;
  if (options.consumers !== undefined) check("consumers", consumers, 1, most);
  check("queueLen", queueLen, 1, 2 ** 20);
  check("slowCycles", slowCycles, 0, 2 ** 30);
  if (options.buffers !== undefined) check("buffers", buffers, 1, 2 ** 24);
  if (distribution === "fan-out" && !count) {
    throw new RangeError("Cannot configure pf_ring ZC: fan-out to consumers that forward");
  }
  if (wait === "sleep" && application === "zbalance") {
    throw new RangeError("Cannot configure pf_ring ZC: a balancer waits actively");
  }
  return {
    ...{ application, wait, burst, flushPacket, distribution, relaxed, consumers, queueLen },
    ...{ count, slowCycles, buffers, driver, symmetricRss, closeAtUs, addresses },
  };
}

function word(knob: string, value: string, words: readonly string[]): void {
  if (words.includes(value)) return;
  const allowed = words.map((one) => `"${one}"`).join(", ");
  throw new TypeError(`Cannot configure pf_ring ZC: ${knob} "${value}" is not one of ${allowed}`);
}

function check(knob: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot configure pf_ring ZC: ${knob} ${value} is not an integer in ${least}..${most}`,
  );
}
