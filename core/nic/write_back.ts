/**
 * How a NIC tells a driver which transmit descriptors are done, and how it reads descriptors: what the data sheet
 * leaves to configuration.
 *
 * - `"report"`: each descriptor that asks for it (RS) is written back by itself, 16 bytes.
 * - a number n (TXDCTL.WTHRESH): done descriptors are gathered and n of them written back together; fewer when the
 *   queue has nothing more to send. Drivers then ask for a report in every descriptor.
 * - `"head"` (TDWBAL): in place of a descriptor that asks for it, the index of the head is written, 4 bytes.
 *
 * Descriptors are done in the order of the ring. A write-back announces all before it, in both of the latter two.
 *
 * Source: Intel 82599 data sheet, 7.1.7 (receive descriptor fetching), 7.2.3.4 and 7.2.3.5 (transmit descriptor
 * fetching and write-back).
 */

/** How transmit descriptors are reported. */
export type TxWriteBack = "report" | "head" | number;

/** How a device reads and reports descriptors. */
export interface QueueProfile {
  /** Receive descriptors read at once, at most. */
  readonly rxFetch: number;
  /** It reads on when fewer than this are left on the device. */
  readonly rxFetchBelow: number;
  /** Transmit descriptors read at once, at most. */
  readonly txFetch: number;
  /** How it reports transmit descriptors that are done. */
  readonly txWriteBack: TxWriteBack;
}

/** What an 82599 under its drivers' defaults does. */
export const IXGBE_QUEUES: QueueProfile = {
  rxFetch: 32,
  rxFetchBelow: 16,
  txFetch: 40,
  txWriteBack: "report",
};

/**
 * Refuses a profile that no device has.
 * @throws {RangeError} naming the figure
 */
export function checkQueues(of: QueueProfile): void {
  const { txWriteBack } = of;
  const gather = typeof txWriteBack === "number" ? txWriteBack : 1;
  const limits = {
    rxFetch: of.rxFetch,
    rxFetchBelow: of.rxFetchBelow,
    txFetch: of.txFetch,
    gather,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isInteger(value) && value >= 1 && value <= 4096) continue;
    const what = name === "gather" ? "txWriteBack" : name;
    throw new RangeError(`Cannot set up queues: ${what} is ${value}, not an integer in 1..4096`);
  }
}
