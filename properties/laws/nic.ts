/**
 * NIC: who owns a descriptor and its buffer, in which order both sides touch it, and that nobody sleeps through a
 * packet. What is told of packets, and counted, is in `nic_truth.ts`.
 */
import type { Law, Run, Verdict } from "../law.ts";
import { firstFault, judgeLedger, unkept } from "./_faults.ts";
import { broken, KEPT, notJudged, time } from "./_text.ts";

/** NIC-1: one owner. */
export const NIC_1: Law = {
  id: "NIC-1",
  statement: "Each descriptor and its buffer have one owner: software posts what it owns, and " +
    "takes back what is done, once.",
  clause: "Intel 8254x Software Developer's Manual, 3.2.6 and 3.4",
  needs: ["buffers"],
  stress: ["burst of 4"],
  judge: ({ observation: o }) => judgeLedger(o, "NIC-1", o.posts, "buffer was posted"),
};

/** NIC-2: indices. */
export const NIC_2: Law = {
  id: "NIC-2",
  statement:
    "A tail stays within its ring and never passes the head: one descriptor always stays " +
    "with software.",
  clause: "Intel 82599 data sheet, 7.1.9 and 7.2.3.3",
  needs: ["buffers"],
  stress: ["24 packets or more"],
  judge: ({ observation: o }) => judgeLedger(o, "NIC-2", o.doorbells, "doorbell was rung"),
};

/** NIC-3: patience. */
export const NIC_3: Law = {
  id: "NIC-3",
  statement: "A posted buffer is neither freed nor reused before its completion, and a buffer is " +
    "not overwritten while its packet has no fate.",
  clause: "Intel 8254x Software Developer's Manual, 3.3.3; P2PNIC, 3.2",
  needs: ["buffers"],
  stress: ["burst of 4"],
  judge: ({ observation: o }) =>
    judgeLedger(o, "NIC-3", o.posts + o.moves, "buffer was posted and no packet moved"),
};

function judgeLanding(run: Run): Verdict {
  const { observation: o } = run;
  const fault = firstFault(o, "NIC-4");
  if (fault !== null) return fault;
  let judged = 0;
  for (let p = 0; p < o.count; p++) {
    const desc = o.descAt[p]!;
    if (desc < 0) continue;
    judged++;
    const data = o.dataAt[p]!;
    if (data < 0 || data > desc) {
      return broken(
        `the descriptor of packet ${p} was visible at ${time(desc)}, its data ` +
          `${data < 0 ? "" : "only at "}${time(data)}, expected data first`,
        [p],
      );
    }
  }
  if (judged === 0) return notJudged("no descriptor was written");
  const why = unkept(o);
  return why === null ? KEPT : notJudged(why);
}

/** NIC-4: data before descriptor. */
export const NIC_4: Law = {
  id: "NIC-4",
  statement: "When a descriptor says that a packet is there, all of its bytes are visible.",
  clause: "PCI Express Base 3.0, 2.4.1; Intel 8254x Software Developer's Manual, 3.2.3.2",
  needs: ["buffers", "milestones"],
  stress: ["deviations"],
  judge: judgeLanding,
};

/** NIC-5: descriptors before their doorbell. */
export const NIC_5: Law = {
  id: "NIC-5",
  statement: "Every descriptor that a device reads names a buffer that its driver has posted: it " +
    "was written before the doorbell that announced it.",
  clause: "Intel 82599 data sheet, 7.1.7 and 7.2.3.4",
  needs: ["buffers"],
  stress: ["burst of 4"],
  judge: ({ observation: o }) => judgeLedger(o, "NIC-5", o.doorbells, "doorbell was rung"),
};

/** Picoseconds after which drivers have filled their rings. */
const BOOTED_PS = 1_000_000;

function judgeRefill(run: Run): Verdict {
  const { observation: o } = run;
  if (o.end !== "quiet") return notJudged("the run did not end at rest");
  if (o.endPs < BOOTED_PS) return notJudged("the run was over before drivers had started");
  let judged = 0;
  for (const { name: ring, size, posted } of o.rings) {
    // only a pool that could fill the ring with what nobody has cached leaves no excuse
    if (!o.pools.some((pool) => pool.device !== true && pool.free >= size)) continue;
    judged++;
    if (posted > 0) continue;
    return broken(
      `at rest ${ring} had none of its ${size} descriptors posted, though the pool had buffers for ` +
        `all: nothing will be received any more`,
      [],
    );
  }
  return judged === 0 ? notJudged("no receive ring could have been filled") : KEPT;
}

/** NIC-6: refill. */
export const NIC_6: Law = {
  id: "NIC-6",
  statement: "At rest no receive ring is dry while its pool could fill it.",
  clause: "Intel 82599 data sheet, 7.1.9: a ring whose head is its tail receives nothing",
  needs: ["buffers", "counters"],
  stress: ["24 packets or more"],
  judge: judgeRefill,
};

function judgeWakeUp(run: Run): Verdict {
  const { observation: o } = run;
  // A run that was cut short by its number of events may have been about to look.
  if (o.end === "limit") return notJudged("the run ended at its limit of events");
  let judged = 0;
  for (let p = 0; p < o.count; p++) {
    const desc = o.descAt[p]!;
    if (desc < 0) continue;
    judged++;
    if (o.seenAt[p]! >= 0) continue;
    return broken(
      `packet ${p} was there to be taken since ${time(desc)} and nobody had looked when the run ` +
        `ended at ${time(o.endPs)}: a wake-up was lost`,
      [p],
    );
  }
  return judged === 0 ? notJudged("no descriptor was written") : KEPT;
}

/** NIC-9: no lost wake-up. */
export const NIC_9: Law = {
  id: "NIC-9",
  statement: "Whoever serves a queue looks at every packet that a descriptor has announced.",
  clause: "Intel 8254x Software Developer's Manual, 13.4.17 to 13.4.21 (ICR, IMS, IMC)",
  needs: ["milestones"],
  stress: ["deviations"],
  judge: judgeWakeUp,
};
