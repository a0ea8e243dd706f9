/**
 * Laws that no run of a whole device can show broken or kept: of parts, of time itself, of the harness. A test of the
 * project judges each.
 */

/** A law that a test judges. */
export interface TestedLaw {
  /** Short name, e.g. `RING-6`. */
  readonly id: string;
  /** What must hold, in one sentence. */
  readonly statement: string;
  /** Where it comes from. */
  readonly clause: string;
  /** The test file, by its path from the root of the project. */
  readonly test: string;
}

const DPDK = "DPDK Programmer's Guide, ";

/**
 * The laws that tests judge, beside {@link LAWS}, those of tables, rings and pools, and those of PCI Express.
 *
 * @example
 * ```ts
 * import { LAWS, TESTED_LAWS } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const ids = new Set(LAWS.map(({ id }) => id));
 * assertEquals(TESTED_LAWS.filter(({ id }) => ids.has(id)), []);
 * ```
 */
export const TESTED_LAWS: readonly TestedLaw[] = [
  {
    id: "RING-6",
    statement: "A ring is linearizable in every interleaving, in each of its modes.",
    clause: "Herlihy and Wing, Linearizability (1990)",
    test: "core/ring/mpmc_steps_test.ts",
  },
  {
    id: "RING-7",
    statement: "A stalled participant holds up only those that its mode says.",
    clause: `${DPDK}Ring Library, Multi-producer/consumer synchronization modes`,
    test: "core/ring/mpmc_stall_test.ts",
  },
  {
    id: "RING-8",
    statement: "A ring keeps its laws where stores become visible late, and in any order.",
    clause: "x86-TSO (Owens, Sarkar, Sewell, 2009); ECMAScript, Memory Model",
    test: "core/ring/mpmc_steps_test.ts",
  },
  {
    id: "MBUF-1",
    statement: "The length of a packet is the sum of those of its segments.",
    clause: `${DPDK}Mbuf Library`,
    test: "core/memory/_mbuf_model_for_tests.ts",
  },
  {
    id: "MBUF-2",
    statement: "Head- and tailroom are what data and buffer leave.",
    clause: `${DPDK}Mbuf Library`,
    test: "core/memory/_mbuf_model_for_tests.ts",
  },
  {
    id: "MBUF-3",
    statement: "A buffer goes back to its pool with its last reference, and not before.",
    clause: `${DPDK}Mbuf Library, direct and indirect buffers`,
    test: "core/memory/_mbuf_model_for_tests.ts",
  },
  {
    id: "MBUF-4",
    statement: "A chain is as long as it says, and ends.",
    clause: `${DPDK}Mbuf Library`,
    test: "core/memory/_mbuf_model_for_tests.ts",
  },
  {
    id: "MBUF-5",
    statement: "Offsets at the limits are taken or refused, never wrapped.",
    clause: `${DPDK}Mbuf Library`,
    test: "core/memory/_mbuf_model_for_tests.ts",
  },
  {
    id: "NIC-10",
    statement: "A device that is stopped under traffic gives every buffer back, and one that is " +
      "started again forwards as a new one.",
    clause: "DPDK, rte_eth_dev_stop and rte_eth_dev_start; Intel 82599 data sheet, 4.6.7",
    test: "core/nic/queue_pairs_test.ts",
  },
  {
    id: "RSS-1",
    statement: "The Toeplitz hash has the published values.",
    clause: "Microsoft, Receive Side Scaling, verifying the RSS hash calculation",
    test: "core/packet/toeplitz_test.ts",
  },
  {
    id: "RSS-2",
    statement: "A symmetric key gives both directions of a flow one hash.",
    clause: "Woo and Park, Scalable TCP Session Monitoring with Symmetric RSS (2012)",
    test: "core/packet/toeplitz_test.ts",
  },
  {
    id: "RSS-3",
    statement: "The device chooses the queue that software computes.",
    clause: "Intel 82599 data sheet, 7.1.2.8",
    test: "core/nic/queue_pairs_test.ts",
  },
  {
    id: "RSS-5",
    statement: "Every queue can be reached.",
    clause: "Intel 82599 data sheet, 7.1.2.8",
    test: "core/nic/queue_pairs_test.ts",
  },
  {
    id: "HASH-1",
    statement: "A hash table equals a map, also where all keys fall on one bucket.",
    clause: `${DPDK}Hash Library`,
    test: "core/hash/hash_table_test.ts",
  },
  {
    id: "HASH-2",
    statement: "Keys that differ in one bit stay apart.",
    clause: `${DPDK}Hash Library`,
    test: "core/hash/hash_table_test.ts",
  },
  {
    id: "TIME-2",
    statement: "No event is lost, early, or out of turn.",
    clause: "Brown, Calendar Queues (1988); the contract of Clock",
    test: "core/time/clock_test.ts",
  },
  {
    id: "HARN-4",
    statement: "Oracles import nothing of what they judge.",
    clause: "ARCHITECTURE, Folders and imports",
    test: "imports_test.ts",
  },
  {
    id: "HARN-5",
    statement: "A token gives back the scenario that it was made of, bit for bit.",
    clause: "docs/counterexample.md",
    test: "properties/replay/token_test.ts",
  },
  {
    id: "HARN-6",
    statement: "An external program's frames are told from those of strangers, which are counted.",
    clause: "docs/external.md",
    test: "stacks/external/external_test.ts",
  },
];
