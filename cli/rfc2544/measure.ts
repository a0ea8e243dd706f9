/** The tests of RFC 2544, section 26, on one device with frames of one size. */
import type { Device } from "./device.ts";
import { type Found, type Lengths, RateSearch } from "./search.ts";
import type {
  BackToBackRecord,
  LatencyAtRecord,
  LossRecord,
  RateRecord,
  RecoveryRecord,
  Rfc2544Test,
  SizeRecord,
  ThroughputRecord,
} from "./types.ts";

/** Shares of the throughput at which latency is taken: 26.2 asks for the first. */
const LATENCY_AT: readonly number[] = [1, 0.9, 0.5, 0.1];
/** Frames of a trial for latency, into all ports: each of them is recorded. */
const LATENCY_FRAMES_MAX = 2 ** 15;
/** Shares of the wire's rate: 26.3 asks for steps of a tenth at most, and says nothing of what loses at a tenth. */
const LOSS_AT: readonly number[] = [100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1]
  .map((percent) => percent / 100);

/** What is measured. */
export interface Plan {
  readonly tests: readonly Rfc2544Test[];
  /** Share of frames that a trial of the partial drop rate may lose. */
  readonly pdrRatio: number;
  readonly lengths: Lengths;
}

/** All tests of a plan. The others stand on the throughput or on the length of its trials, so that is always found. */
export function measureSize(device: Device, size: number, plan: Plan): SizeRecord {
  const { lengths, tests, pdrRatio } = plan;
  const ndr = new RateSearch(device, 0, lengths).run();
  const pdr = new RateSearch(device, pdrRatio, lengths).from(ndr);
  const doublings = ndr.gapPs === null ? lengths.doublingsMax : ndr.doublings;
  const frames = (gapPs: number) => lengths.frames(gapPs, doublings);
  const wants = (test: Rfc2544Test) => tests.includes(test);
  const { gapPs } = ndr;
  return {
    size,
    line: rateAt(device, device.lineGapPs),
    ndr: throughputOf(device, ndr, lengths),
    pdr: throughputOf(device, pdr, lengths),
    latency: wants("latency") && gapPs !== null ? latencies(device, gapPs, frames) : null,
    loss: wants("loss") ? lossCurve(device, frames) : null,
    backToBack: wants("back-to-back") ? longestBurst(device, lengths) : null,
    recovery: wants("recovery") && gapPs !== null ? recovery(device, gapPs, frames) : null,
  };
}

/** A gap as a rate. */
export function rateAt({ inputs, lineGapPs }: Device, gapPs: number): RateRecord {
  return { gapPs, fps: Math.floor((inputs * 1e12) / gapPs), share: lineGapPs / gapPs };
}

function throughputOf(device: Device, found: Found, { frames }: Lengths): ThroughputRecord {
  const { gapPs, doublings, fasterPs, holesPs, spread, limitPs, trials } = found;
  const rate = (ps: number | null) => ps === null ? null : rateAt(device, ps);
  return {
    rate: rate(gapPs),
    faster: rate(fasterPs),
    limit: rate(limitPs),
    holesPs: [...holesPs],
    frames: gapPs === null ? 0 : frames(gapPs, doublings),
    spread,
    trials,
  };
}

type Frames = (gapPs: number) => number;

function latencies(device: Device, throughputPs: number, frames: Frames): LatencyAtRecord[] {
  const found: LatencyAtRecord[] = [];
  for (const ofThroughput of LATENCY_AT) {
    const gapPs = Math.ceil(throughputPs / ofThroughput);
    const most = Math.floor(LATENCY_FRAMES_MAX / device.inputs);
    const latency = device.latency({ gapPs, frames: Math.min(most, frames(gapPs)) });
    if (latency !== null) found.push({ ofThroughput, rate: rateAt(device, gapPs), ...latency });
  }
  return found;
}

/** From the wire's rate down until two successive trials lose nothing. */
function lossCurve(device: Device, frames: Frames): LossRecord[] {
  const curve: LossRecord[] = [];
  for (const share of LOSS_AT) {
    const gapPs = Math.ceil(device.lineGapPs / share);
    const { offered, lost } = device.trial({ gapPs, frames: frames(gapPs) });
    curve.push({ rate: rateAt(device, gapPs), offered, lost });
    if (lost === 0 && curve.at(-2)?.lost === 0) break;
  }
  return curve;
}

/**
 * The longest burst at the wire's gap. Up to its first loss a long burst runs as every burst that lasts until then:
 * what has not come yet changes nothing. So the frames that had come by the first loss are the shortest prefix that is
 * known to fail, and all longer bursts fail too. Below it the longest one that passes is looked for downwards, frame by
 * frame at first: a loss may also come late, after the last frame of its burst.
 */
function longestBurst(device: Device, { frames, doublingsMax }: Lengths): BackToBackRecord {
  const gapPs = device.lineGapPs;
  const most = frames(gapPs, doublingsMax);
  const passes = (n: number) => device.trial({ gapPs, frames: n, lossesMax: 0 }).lost === 0;
  const whole = device.trial({ gapPs, frames: most, lossesMax: 0 });
  if (whole.lost === 0) return { frames: most, unbounded: true };
  let failing = Math.min(most, Math.floor(whole.lastLossPs! / gapPs) + 1);
  let passing = failing - 1;
  for (let step = 1; passing > 0 && !passes(passing); step *= 2) {
    failing = passing;
    passing = Math.max(0, passing - step);
  }
  while (failing - passing > 1) {
    const middle = (failing + passing) >> 1;
    if (passes(middle)) passing = middle;
    else failing = middle;
  }
  return { frames: passing, unbounded: false };
}

function recovery(device: Device, throughputPs: number, frames: Frames): RecoveryRecord {
  const gapPs = Math.max(device.lineGapPs, Math.round(throughputPs / 1.1));
  const before = frames(gapPs);
  const after = { gapPs: 2 * gapPs, frames: Math.ceil(before / 2) };
  const { lost, lastLossPs } = device.trial({ gapPs, frames: before, then: after });
  const stepPs = (before - 1) * gapPs;
  const recoveryPs = Math.max(0, (lastLossPs ?? 0) - stepPs);
  return {
    overload: rateAt(device, gapPs),
    frames: before,
    lost,
    recoveryNs: lost === 0 ? null : recoveryPs / 1000,
    stillLosing: recoveryPs > 0.9 * after.frames * after.gapPs,
  };
}
