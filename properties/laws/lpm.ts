/**
 * LPM: the next hop of what was forwarded. PKT-1 would see a wrong one too, by its bytes; this law says which
 * prefix was missed, and which one the router seems to have followed.
 */
import type { Law, Run, Verdict } from "../law.ts";
import { membersOf } from "../reference/_hops.ts";
import { longestMatch } from "../reference/longest_match.ts";
import { IP, isIpv4, u32 } from "./_frame.ts";
import { hopNames, wentTo } from "./_hops.ts";
import { address, broken, KEPT, notJudged, time } from "./_text.ts";

function judgeNextHop(run: Run): Verdict {
  const { observation: o, policy, scenario: { traffic, routes, neighbours } } = run;
  if (policy.topology !== undefined) {
    return notJudged("the policy forwards by ports, not by routes");
  }
  const shortest = policy.defaultRoute ? 0 : 1;
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p < 0 || p >= o.count) continue;
    const inAt = traffic.offset[p]!;
    if (!isIpv4(traffic.bytes, inAt, traffic.length[p]!)) continue;
    judged++;
    const dst = u32(traffic.bytes, inAt + IP + 16);
    const route = longestMatch(routes, dst, shortest);
    const port = o.outPort[i]!;
    if (route < 0) {
      if (policy.onMiss === "reflect" && port === traffic.port[p]) continue;
      return broken(
        `${head(run, i, dst)}, expected ` +
          (policy.onMiss === "reflect" ? `port ${traffic.port[p]}` : "none") +
          `: no prefix covers the destination`,
        [p],
      );
    }
    const hops = membersOf(run.scenario, routes.nextHop[route]!);
    if (hops.some((hop) => wentTo(run, i, hop))) continue;
    const right = hops.length === 0
      ? `none: ${neighbours.special!.get(routes.nextHop[route]!)}`
      : `next hop ${hopNames(run, hops)}`;
    return broken(
      `${head(run, i, dst)} by ${gotHop(run, i, dst, shortest)}, expected ${right} by ` +
        prefix(run, route),
      [p],
    );
  }
  return judged === 0 ? notJudged("no IPv4 packet was emitted") : KEPT;
}

function head(run: Run, i: number, dst: number): string {
  const o = run.observation;
  return `packet ${o.outPacket[i]} to ${address(dst)} left port ${o.outPort[i]} at ` +
    time(o.outStart[i]!);
}

function prefix(run: Run, route: number): string {
  const { routes } = run.scenario;
  return `${address(routes.prefix[route]!)}/${routes.depth[route]}`;
}

/** The next hop that a frame was sent to, and a shorter prefix that leads there, if there is one. */
function gotHop(run: Run, i: number, dst: number, shortest: number): string {
  const { routes, neighbours } = run.scenario;
  for (let r = 0; r < routes.count; r++) {
    const bits = 2 ** (32 - routes.depth[r]!);
    const covers = Math.floor(routes.prefix[r]! / bits) === Math.floor(dst / bits);
    if (routes.depth[r]! >= shortest && covers && wentTo(run, i, routes.nextHop[r]!)) {
      return `next hop ${routes.nextHop[r]} of ${prefix(run, r)}`;
    }
  }
  for (let hop = 0; hop < neighbours.count; hop++) {
    if (wentTo(run, i, hop)) return `next hop ${hop}`;
  }
  return "no known next hop";
}

/** LPM-1: the longest prefix decides. */
export const LPM_1: Law = {
  id: "LPM-1",
  statement: "A forwarded packet goes to the next hop of the longest prefix that covers its " +
    "destination.",
  clause: "RFC 1812, 5.2.4.3; RFC 4632, 5.1",
  needs: ["frames"],
  stress: ["nested routes hit", "default route"],
  judge: judgeNextHop,
};
