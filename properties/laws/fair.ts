/**
 * FAIR: a law about another run than the one that is judged. One packet comes by one port while another port is
 * flooded with frames, as fast as a wire of 40 Gb/s brings them and faster than the device takes them; it must not
 * wait until the flood is over.
 */
import { FATE, type Observation } from "../../core/machine/observation.ts";
import type { Traffic } from "../../core/machine/scenario.ts";
import { REASON } from "../../core/policy.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { broken, KEPT, notJudged, time } from "./_text.ts";

/** Least time between two frames of the flood: 16.7 million a second, more than one core forwards. */
const SPACING_PS = 60_000;
/** Of a byte at 40 Gb/s, and bytes that go with each frame: FCS, preamble, gap. */
const PS_PER_BYTE = 200;
const WIRE_BYTES = 24;
/** The first flood is so many times as long as a packet alone takes, and some; the next ones are longer. */
const PATIENCE = 4;
const SLACK_PS = 10_000_000;
const GROWTH = 3;
/** Longer floods are not tried. */
const FLOOD_MAX_PS = 1_500_000_000;
/**
 * So many packets of the flood that came later may go first, unless the policy says otherwise: a stack that takes
 * bursts of 64 in turn, of two lists and with one under way, is fair.
 */
const TURNS = 256;
/** When the first frame comes: drivers have booted by then. */
const START_PS = 1_000_000;
/** When the packet comes, after the flood has begun: the share of it that has gone by. */
const ENTERS = 4;

/** Packet `p` of `traffic` alone. */
function alone(traffic: Traffic, p: number): Traffic {
  return frames(traffic, [p], [START_PS]);
}

/** `flood` over and over for `floodPs`, and `guest` once in it; answers its identity too. */
function flooded(
  traffic: Traffic,
  guest: number,
  flood: number,
  floodPs: number,
): { readonly traffic: Traffic; readonly guest: number } {
  const spacing = Math.max(SPACING_PS, (traffic.length[flood]! + WIRE_BYTES) * PS_PER_BYTE);
  const count = Math.ceil(floodPs / spacing);
  const identity = Math.floor(count / ENTERS);
  const which = new Array<number>(count).fill(flood);
  const at = which.map((_, i) => START_PS + i * spacing);
  which.splice(identity, 0, guest);
  at.splice(identity, 0, at[identity]!);
  return { traffic: frames(traffic, which, at), guest: identity };
}

/** Frames `which` of `traffic` at the times `at`; their bytes are shared. */
function frames(traffic: Traffic, which: readonly number[], at: readonly number[]): Traffic {
  return {
    count: which.length,
    port: Uint8Array.from(which, (p) => traffic.port[p]!),
    at: Float64Array.from(at),
    offset: Uint32Array.from(which, (p) => traffic.offset[p]!),
    length: Uint32Array.from(which, (p) => traffic.length[p]!),
    bytes: traffic.bytes,
  };
}

/** The packet to be forwarded that came by the lowest (`sign` 1) or highest (-1) port; -1 when there is none. */
function extreme({ expectation: e, scenario: { traffic } }: Run, sign: number): number {
  let best = -1;
  for (let p = 0; p < traffic.count; p++) {
    if (e.forward[p] === 0) continue;
    if (best < 0 || sign * (traffic.port[p]! - traffic.port[best]!) < 0) best = p;
  }
  return best;
}

/** Whether the device had more than it could take: it lost packets where they come in. */
function isSaturated(o: Observation): boolean {
  return o.dropped[REASON["rx-missed"]]! > 0;
}

/** Whether packet `guest` gets through while packet `flood` comes over and over. */
function judgeGuest(run: Run, guest: number, flood: number): Verdict {
  const { scenario: { traffic } } = run;
  const quiet = run.again({ traffic: alone(traffic, guest), deviations: [] });
  if (quiet.fate[0] !== FATE.emitted) return notJudged("the packet does not come through alone");
  const usual = quiet.endAt[0]! - START_PS;
  for (let ps = PATIENCE * (usual + SLACK_PS); ps <= FLOOD_MAX_PS; ps *= GROWTH) {
    const verdict = judgeFlood(run, guest, flood, ps, usual);
    if (verdict !== null) return verdict;
  }
  return notJudged("too few packets went by to tell");
}

/** The verdict of one flood; null when it was too short to tell waiting for a turn from starving. */
function judgeFlood(
  run: Run,
  guest: number,
  flood: number,
  floodPs: number,
  usual: number,
): Verdict | null {
  const { scenario: { traffic }, policy: { turns = TURNS } } = run;
  const made = flooded(traffic, guest, flood, floodPs);
  const o = run.again({ traffic: made.traffic, deviations: [] });
  if (!isSaturated(o)) return notJudged("the flood was no more than the device takes");
  const { fate, endAt } = o;
  if (fate[made.guest] === FATE.dropped) return notJudged("the packet was lost to congestion");
  const { at, count } = made.traffic;
  const [came, lastAt] = [at[made.guest]!, at[count - 1]!];
  const isOut = fate[made.guest] === FATE.emitted;
  if (isOut && endAt[made.guest]! <= lastAt) return KEPT;
  let wentBy = 0;
  for (let p = made.guest + 1; p < count; p++) {
    if (fate[p] === FATE.emitted && (!isOut || endAt[p]! < endAt[made.guest]!)) wentBy++;
  }
  if (isOut && turns !== "priority" && wentBy <= turns) return null;
  const left = isOut
    ? `left at ${time(endAt[made.guest]!)}, when the flood was over`
    : `never left ${o.waitingAt.get(made.guest) ?? "an unnamed place"}`;
  return broken(
    `a packet that takes ${time(usual)} alone, while port ${
      traffic.port[flood]
    } was flooded until ` +
      `${time(lastAt)}, came at ${
        time(came)
      } and ${left}: ${wentBy} that came later went before it`,
    [guest, flood],
  );
}

function judgeStarvation(run: Run): Verdict {
  const { expectation: e, scenario: { traffic }, policy } = run;
  if (policy.turns === "priority") return notJudged("the policy declares priorities");
  // whoever prefers a port prefers the first or the last
  const [first, last] = [extreme(run, 1), extreme(run, -1)];
  if (first < 0 || traffic.port[first] === traffic.port[last]) {
    return notJudged("packets to be forwarded came by one port");
  }
  if (e.port[first] === e.port[last]) return notJudged("they leave by the same port");
  const verdict = judgeGuest(run, last, first);
  return verdict.kind === "broken" ? verdict : judgeGuest(run, first, last);
}

/** FAIR-1: nobody starves. */
export const FAIR_1: Law = {
  id: "FAIR-1",
  statement: "A packet that comes by one port does not wait until a flood on another port is over.",
  clause: "RFC 7567, 3 (isolation of flows)",
  needs: ["fates", "milestones"],
  reruns: true,
  stress: ["two ports in"],
  judge: judgeStarvation,
};
