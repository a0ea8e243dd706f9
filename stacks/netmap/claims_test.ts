// Aim: the published figures of netmap come out of its costs: those that chose a cost, and those that chose none.
// Method: the answers of `planecheck reproduce`, each within what its row allows.
import { assert, assertEquals } from "@std/assert";
import type { Lab } from "../../cli/reproduce/lab.ts";
import { NETMAP_ANSWERS, pktGenMpps } from "../../cli/reproduce/netmap_answers.ts";
import { type Claim, CLAIMS } from "../../fixtures/mod.ts";

/** Whether a value is as near as the claim asks. */
function near({ value, tolerance }: Claim, got: number): boolean {
  switch (tolerance.kind) {
    case "within":
      return Math.abs(got / value - 1) <= tolerance.share;
    case "at-least":
      return got >= tolerance.least;
    case "factor":
      return got <= value * tolerance.factor && got >= value / tolerance.factor;
    default:
      return false;
  }
}

Deno.test("the published rates of netmap, VALE, pipes, ptnet and virtio come out", () => {
  const rows = CLAIMS.filter(({ id, tolerance }) =>
    NETMAP_ANSWERS[id] !== undefined && tolerance.kind !== "none"
  );
  assertEquals(rows.map(({ id }) => id).sort(), Object.keys(NETMAP_ANSWERS).sort());
  for (const claim of rows) {
    const { value } = NETMAP_ANSWERS[claim.id]!({} as Lab);
    assert(near(claim, value), `${claim.id}: ${value} ${claim.unit}, published ${claim.value}`);
  }
});

Deno.test("a system call for each packet costs more than the packet: 2.2 Mpps at 900 MHz", () => {
  const mpps = pktGenMpps({ tx: "netmap:eth0", batch: 1, count: 4000 }, 900);
  assert(mpps > 2 && mpps < 2.5, `${mpps} Mpps`);
});
