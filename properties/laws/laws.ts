/**
 * All laws that judge a run of a whole device.
 */
import type { Law } from "../law.ts";
import { FAIR_1 } from "./fair.ts";
import { LOSS_1A, LOSS_2, LOSS_3 } from "./loss.ts";
import { LOSS_1B, LOSS_1C } from "./loss_paced.ts";
import { LPM_1 } from "./lpm.ts";
import { LPM_2 } from "./lpm_flow.ts";
import { NIC_1, NIC_2, NIC_3, NIC_4, NIC_5, NIC_6, NIC_9 } from "./nic.ts";
import { NIC_7, NIC_8 } from "./nic_truth.ts";
import { ORD_1, ORD_2 } from "./ord.ts";
import { PCIE_1, PCIE_2 } from "./pcie.ts";
import { PKT_1, PKT_2, PKT_3, PKT_7 } from "./pkt.ts";
import { PKT_4, PKT_6, PKT_8, PKT_9 } from "./pkt_header.ts";
import { PKT_10, PKT_11 } from "./pkt_originated.ts";
import { PKT_5 } from "./pkt_drop.ts";
import { PKT_12 } from "./pkt_fragments.ts";
import { POOL_1, POOL_3 } from "./pool.ts";
import { RSS_4 } from "./rss.ts";
import { TIME_1, TIME_3 } from "./time.ts";

/** Grows when a law is added, removed, or judges otherwise than before. */
export const LAW_SET_VERSION = 5;

/**
 * Every law, in a stable order: what a law says first, in the report of a run that breaks several, is the most
 * telling.
 */
export const LAWS: readonly Law[] = [
  LPM_1,
  LPM_2,
  PKT_1,
  PKT_2,
  PKT_3,
  PKT_4,
  PKT_5,
  PKT_6,
  PKT_7,
  PKT_8,
  PKT_9,
  PKT_10,
  PKT_11,
  PKT_12,
  LOSS_1A,
  LOSS_1B,
  LOSS_1C,
  LOSS_2,
  LOSS_3,
  ORD_1,
  ORD_2,
  FAIR_1,
  POOL_1,
  POOL_3,
  NIC_1,
  NIC_2,
  NIC_3,
  NIC_4,
  NIC_5,
  NIC_6,
  NIC_7,
  NIC_8,
  NIC_9,
  RSS_4,
  PCIE_1,
  PCIE_2,
  TIME_1,
  TIME_3,
];
