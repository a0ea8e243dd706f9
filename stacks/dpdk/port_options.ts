/** What every application sets its ports and its mbuf pool up with, by the names of testpmd's parameters. */
import { HEADROOM } from "../../core/memory/memory.ts";
import type { Env, Port, PortSetup } from "../../core/stack.ts";

/** Bytes before the data room of a pool's element: object header and `rte_mbuf`, each whole cache lines. */
const ELEMENT_OVERHEAD = 64 + 128;
/** Bytes of a hugepage. */
const HUGEPAGE_BYTES = 2 ** 21;
/** Bytes of a receive buffer go by this (82599, SRRCTL.BSIZEPACKET). */
const BUFFER_UNIT = 1024;

/** Knobs of ports and pool; names in brackets are testpmd's. */
export interface PortOptions {
  /** Mbufs that are refilled together [--rxfreet]; 32, at most half the ring. */
  readonly rxFreeThresh?: number;
  /** Free transmit descriptors below which sent mbufs are taken back [--txfreet]; 32, at most a quarter of the ring. */
  readonly txFreeThresh?: number;
  /** Transmit descriptors for one that is written back [--txrst]; 32, at most a quarter of the ring. */
  readonly txRsThresh?: number;
  /** Mbufs of the pool [--total-num-mbufs]; by default what rings, caches and lcores can hold. */
  readonly totalNumMbufs?: number;
  /** Data room of an mbuf with its headroom of 128 bytes [--mbuf-size]; 2176. A receive buffer is its whole KiB. */
  readonly mbufSize?: number;
  /** Hugepages of 2 MB that the host has reserved [nr_hugepages]; without end. */
  readonly hugepages?: number;
}

/** Values that are not the driver's but the application's own: smallest and largest. */
const LIMITS: { readonly [knob in keyof PortOptions]-?: readonly [number, number] } = {
  rxFreeThresh: [1, 65535],
  txFreeThresh: [1, 65535],
  txRsThresh: [1, 65535],
  totalNumMbufs: [1, 2 ** 24],
  mbufSize: [HEADROOM + BUFFER_UNIT, 65535],
  hugepages: [0, 2 ** 24],
};

/** @throws {RangeError} when a knob is no integer or out of range */
export function checkPortOptions(application: string, options: PortOptions): void {
  for (const [knob, [least, most]] of Object.entries(LIMITS)) {
    checkKnob(application, knob, options[knob as keyof PortOptions], least, most);
  }
}

/** @throws {RangeError} when a value is given and no integer in its range */
export function checkKnob(
  application: string,
  knob: string,
  value: number | undefined,
  least: number,
  most: number,
): void {
  if (value === undefined) return;
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot configure ${application}: ${knob} ${value} is not an integer in ${least}..${most}`,
  );
}

/**
 * Makes the pool and starts the ports.
 * @throws {RangeError} when the hugepages do not hold the pool, a threshold does not fit its ring, or the pool
 * does not fill the receive rings: at start, as rte_eal_init and rte_pktmbuf_pool_create do, never later
 */
export function startPorts(env: Env, options: PortOptions): readonly Port[] {
  const { rxFreeThresh, txFreeThresh, txRsThresh, totalNumMbufs, mbufSize } = options;
  const setup: { -readonly [key in keyof PortSetup]: PortSetup[key] } = {};
  if (rxFreeThresh !== undefined) setup.rxFreeThresh = rxFreeThresh;
  if (txFreeThresh !== undefined) setup.txFreeThresh = txFreeThresh;
  if (txRsThresh !== undefined) setup.txRsThresh = txRsThresh;
  if (totalNumMbufs !== undefined) setup.mbufs = totalNumMbufs;
  if (mbufSize !== undefined) {
    setup.segmentBytes = Math.floor((mbufSize - HEADROOM) / BUFFER_UNIT) * BUFFER_UNIT;
  }
  env.configure(setup);
  if (options.hugepages !== undefined) {
    checkHugepages(options.hugepages, env.pool.size, mbufSize ?? HEADROOM + 2 * BUFFER_UNIT);
  }
  return env.ports;
}

function checkHugepages(reserved: number, mbufs: number, mbufSize: number): void {
  const element = ELEMENT_OVERHEAD + mbufSize;
  const needed = Math.ceil(mbufs * element / HUGEPAGE_BYTES);
  if (needed <= reserved) return;
  throw new RangeError(
    `EAL: Cannot init mbuf pool on socket 0: ${mbufs} mbufs of ${element} bytes take ${needed} ` +
      `hugepages of 2 MB, expected ${reserved} or fewer: as many as are reserved`,
  );
}

/** @throws {TypeError} when a value is none of `words` */
export function checkWord(
  application: string,
  knob: string,
  value: string,
  words: readonly string[],
): void {
  if (words.includes(value)) return;
  const allowed = words.map((word) => `"${word}"`).join(", ");
  throw new TypeError(
    `Cannot configure ${application}: ${knob} "${value}" is not one of ${allowed}`,
  );
}
