/** What must hold of every Snabb process, each with the part of the original that says so. */
import type { Invariant } from "../../core/stack.ts";

const statement = (id: string, statement: string, clause: string): Invariant => ({
  id: `SNABB-${id}`,
  statement,
  clause,
});

/** What must hold of every Snabb process. */
export const SNABB_INVARIANTS: readonly Invariant[] = [
  statement(
    "1",
    "A packet is in exactly one freelist, link, ring or app, and all that were allocated are.",
    "core/packet.lua",
  ),
  statement(
    "2",
    "A link is first in, first out, and never holds more than its ring less one.",
    "core/link.lua",
  ),
  statement(
    "3",
    "Of a link, packets transmitted less packets received are those in it.",
    "core/link.h",
  ),
  statement(
    "4",
    "In a breath each pull runs once, and each push after the pushes that feed it.",
    "core/app.lua, compute_breathe_order",
  ),
  statement(
    "5",
    "A pull transmits a tenth of what a link holds, at most.",
    "core/app.lua, pull_npackets",
  ),
  statement(
    "6",
    "A receive slot that is emptied gets a packet at once: the ring never shrinks.",
    "apps/intel_mp, pull",
  ),
  statement(
    "7",
    "RDT gives all descriptors but one from the next slot on.",
    "apps/intel_mp, pull; 82599 data sheet, 7.1.9",
  ),
  statement(
    "8",
    "All transmit descriptors but one at most are out, and none is freed before TDH passed it.",
    "apps/intel_mp, push; 82599 data sheet, 7.2.3",
  ),
  statement(
    "9",
    "No sleep is longer than maxsleep, and there is none with busywait.",
    "core/app.lua, pace_breathing",
  ),
  statement(
    "10",
    "Reconfiguring leaves links of both designs as they are, and frees what was in the others.",
    "core/app.lua, compute_config_actions",
  ),
  statement(
    "11",
    "Data begin at an even byte of the packet's first 512.",
    "core/packet.lua, shiftleft and shiftright",
  ),
  statement("12", "A free packet has length 0 and the default headroom.", "core/packet.lua, free"),
  statement(
    "13",
    "Chunks of the group freelist hold what went in and did not come out.",
    "core/group_freelist.lua",
  ),
  statement(
    "14",
    "Nothing of an interlink is seen before it was pushed, and no slot is reused before it was pulled.",
    "lib/interlink.lua",
  ),
  statement(
    "15",
    "What is not IP comes on receive queue 0, and hashes lead to queues that there are.",
    "apps/intel_mp, rss_enable; 82599 data sheet, 7.1.2.8",
  ),
  statement("16", "Counters that others see are 100 breaths old at most.", "core/app.lua, breathe"),
  statement(
    "17",
    "Each pause of the collector is a breath of that length at least.",
    "core/app.lua, latency histogram",
  ),
];
