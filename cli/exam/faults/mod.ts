/** All planted faults. */
import type { Fault } from "../fault.ts";
import {
  BLIND_FABRIC_FAULTS,
  BLIND_HOST_FAULTS,
  BLIND_LINK_FAULTS,
  BLIND_MEMORY_FAULTS,
  BLIND_NIC_FAULTS,
  BLIND_PACKET_FAULTS,
} from "./blind_core.ts";
import { BLIND_STACK_FAULTS } from "./blind_stacks.ts";
import { FIB_FAULTS } from "./fib.ts";
import { FIB_MORE_FAULTS } from "./fib_more.ts";
import { HARNESS_FAULTS } from "./harness.ts";
import { HISTORY_CORE_FAULTS } from "./history_core.ts";
import { HISTORY_DEVICE_FAULTS } from "./history_devices.ts";
import { HISTORY_STACK_FAULTS } from "./history_stacks.ts";
import { HISTORY_TABLE_FAULTS } from "./history_tables.ts";
import { INPUT_FAULTS } from "./input.ts";
import { LAW_FAULTS } from "./laws.ts";
import { LIVE_FAULTS } from "./live.ts";
import { NETMAP_FAULTS } from "./netmap.ts";
import { NIC_FAULTS } from "./nic.ts";
import { ODP_FAULTS } from "./odp.ts";
import { PACKET_FAULTS } from "./packet.ts";
import { PACKETSHADER_FAULTS } from "./packetshader.ts";
import { PCIE_FAULTS } from "./pcie.ts";
import { PF_RING_FAULTS } from "./pf_ring.ts";
import { POOL_FAULTS } from "./pool.ts";
import { RING_FAULTS } from "./ring.ts";
import { SNABB_FAULTS } from "./snabb.ts";
import { TIME_FAULTS } from "./time.ts";
import {
  UNSEEN_DEVICE_FAULTS,
  UNSEEN_HOST_FAULTS,
  UNSEEN_MEMORY_FAULTS,
  UNSEEN_PACKET_FAULTS,
  UNSEEN_TABLE_FAULTS,
} from "./unseen_core.ts";
import { UNSEEN_HARNESS_FAULTS, UNSEEN_STACK_FAULTS } from "./unseen_stacks.ts";
import { VPP_FAULTS } from "./vpp.ts";
import { XDP_FAULTS } from "./xdp.ts";

/** Every fault, by class and part. */
export const FAULTS: readonly Fault[] = [
  ...FIB_FAULTS,
  ...FIB_MORE_FAULTS,
  ...RING_FAULTS,
  ...POOL_FAULTS,
  ...PACKET_FAULTS,
  ...NIC_FAULTS,
  ...PCIE_FAULTS,
  ...SNABB_FAULTS,
  ...TIME_FAULTS,
  ...INPUT_FAULTS,
  ...HARNESS_FAULTS,
  ...VPP_FAULTS,
  ...LAW_FAULTS,
  ...ODP_FAULTS,
  ...NETMAP_FAULTS,
  ...PACKETSHADER_FAULTS,
  ...XDP_FAULTS,
  ...PF_RING_FAULTS,
  ...LIVE_FAULTS,
  ...HISTORY_TABLE_FAULTS,
  ...HISTORY_CORE_FAULTS,
  ...HISTORY_DEVICE_FAULTS,
  ...HISTORY_STACK_FAULTS,
  ...UNSEEN_TABLE_FAULTS,
  ...UNSEEN_MEMORY_FAULTS,
  ...UNSEEN_PACKET_FAULTS,
  ...UNSEEN_DEVICE_FAULTS,
  ...UNSEEN_HOST_FAULTS,
  ...UNSEEN_STACK_FAULTS,
  ...UNSEEN_HARNESS_FAULTS,
  ...BLIND_FABRIC_FAULTS,
  ...BLIND_LINK_FAULTS,
  ...BLIND_NIC_FAULTS,
  ...BLIND_MEMORY_FAULTS,
  ...BLIND_HOST_FAULTS,
  ...BLIND_PACKET_FAULTS,
  ...BLIND_STACK_FAULTS,
];
