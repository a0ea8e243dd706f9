/** All planted faults. */
import type { Fault } from "../fault.ts";
import { FIB_FAULTS } from "./fib.ts";
import { FIB_MORE_FAULTS } from "./fib_more.ts";
import { HARNESS_FAULTS } from "./harness.ts";
import { INPUT_FAULTS } from "./input.ts";
import { LAW_FAULTS } from "./laws.ts";
import { NIC_FAULTS } from "./nic.ts";
import { PACKET_FAULTS } from "./packet.ts";
import { PCIE_FAULTS } from "./pcie.ts";
import { POOL_FAULTS } from "./pool.ts";
import { RING_FAULTS } from "./ring.ts";
import { TIME_FAULTS } from "./time.ts";

/** Every fault, by class and part. */
export const FAULTS: readonly Fault[] = [
  ...FIB_FAULTS,
  ...FIB_MORE_FAULTS,
  ...RING_FAULTS,
  ...POOL_FAULTS,
  ...PACKET_FAULTS,
  ...NIC_FAULTS,
  ...PCIE_FAULTS,
  ...TIME_FAULTS,
  ...INPUT_FAULTS,
  ...HARNESS_FAULTS,
  ...LAW_FAULTS,
];
