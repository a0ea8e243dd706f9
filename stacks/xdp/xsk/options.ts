/** What can be set on AF_XDP, with the defaults of libxdp, and what is refused. */
import type { XskWait } from "./app.ts";

/** Knobs; names in brackets are the system's own. */
export interface AfXdpOptions {
  /** How frames reach the process [XDP_COPY, XDP_ZEROCOPY]; `"copy"`. */
  readonly mode?: "copy" | "zerocopy";
  /** The kernel says when it wants to be woken [XDP_USE_NEED_WAKEUP]; true. */
  readonly needWakeup?: boolean;
  /** How the process waits: in poll(2), over its rings, or by polling the driver [SO_PREFER_BUSY_POLL]; `"poll"`. */
  readonly wait?: XskWait;
  /** Entries of FILL, COMPLETION, RX and TX [XSK_RING_PROD__DEFAULT_NUM_DESCS]; 2048. */
  readonly ringSize?: number;
  /** Entries of RX alone, where they differ [rx_size]. */
  readonly rxSize?: number;
  /** Entries of COMPLETION alone [comp_size]. */
  readonly completionSize?: number;
  /** Chunks of each socket; by default as many as its descriptor rings hold. */
  readonly chunks?: number;
  /** Where the indices of the rings begin, to see them wrap; 0. */
  readonly startIndex?: number;
  /** Fixed interrupt interval in microseconds [ethtool -C rx-usecs]; absent, adaptive. */
  readonly itrUs?: number;
}

/** Every knob set; `itrUs` -1 is adaptive, `chunks` 0 what the rings hold. */
export type AfXdpSettings = Required<Omit<AfXdpOptions, "itrUs">> & { readonly itrUs: number };

/**
 * Options with defaults filled in.
 * @throws {RangeError} when one is out of range
 * @throws {TypeError} when a mode is unknown
 */
export function afXdpSettings(options: AfXdpOptions): AfXdpSettings {
  const { mode = "copy", needWakeup = true, wait = "poll", ringSize = 2048 } = options;
  const { chunks = 0, startIndex = 0, itrUs = -1, rxSize = ringSize, completionSize = ringSize } =
    options;
  if (mode !== "copy" && mode !== "zerocopy") {
    throw new TypeError(
      `Cannot configure af_xdp: mode ${String(mode)} is not "copy" or "zerocopy"`,
    );
  }
  if (wait !== "poll" && wait !== "spin" && wait !== "busy-poll") {
    throw new TypeError(
      `Cannot configure af_xdp: wait ${String(wait)} is not "poll", "spin" or "busy-poll"`,
    );
  }
  for (
    const [name, size] of [["ringSize", ringSize], ["rxSize", rxSize], [
      "completionSize",
      completionSize,
    ]] as const
  ) {
    if (Number.isInteger(size) && size >= 1 && size <= 65_536 && (size & (size - 1)) === 0) {
      continue;
    }
    throw new RangeError(
      `Cannot configure af_xdp: ${name} ${size} is not a power of two in 1..65536`,
    );
  }
  for (
    const [name, value, most] of [["chunks", chunks, 65_536], [
      "startIndex",
      startIndex,
      2 ** 32 - 1,
    ]] as const
  ) {
    if (Number.isInteger(value) && value >= 0 && value <= most) continue;
    throw new RangeError(
      `Cannot configure af_xdp: ${name} ${value} is not an integer in 0..${most}`,
    );
  }
  return { mode, needWakeup, wait, ringSize, rxSize, completionSize, chunks, startIndex, itrUs };
}
