// Aim: what `compare` and `start` write is complete, right and the same each time.
// Method: small tables and captures of known content in a folder of their own; the report is read back by its schema.
import { assert, assertEquals } from "@std/assert";
import { writePcap } from "../../fixtures/mod.ts";
import { LAWS } from "../../properties/mod.ts";
import { FOUR_ROUTES, inFolder, listing, run } from "../_run_for_tests.ts";
import { type Report, reportSchema } from "../mod.ts";

/** An IPv4 frame of 60 bytes from 192.0.2.1 to 10.PORT.0.9, with a right checksum. */
function frame(port: number, ttl: number): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set(
    [0x08, 0x00, 0x45, 0, 0, 46, 0, 0, 0, 0, ttl, 17, 0, 0, 192, 0, 2, 1, 10, port, 0, 9],
    12,
  );
  let sum = 0;
  for (let i = 14; i < 34; i += 2) sum += bytes[i]! * 256 + bytes[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  bytes.set([(~sum >> 8) & 255, ~sum & 255], 24);
  return bytes;
}

/** Ten packets: eight to be forwarded, one with TTL 1, one without a route. */
function tenPackets(): Uint8Array {
  const packets = Array.from({ length: 8 }, (_, i) => frame(i % 4, 64));
  packets.push(frame(0, 1), frame(9, 64));
  return writePcap({
    linkType: 1,
    packets: packets.map((bytes, i) => ({ timeNs: i * 1000, bytes })),
  });
}

async function reportOf(...args: string[]): Promise<Report> {
  const { code, out, err } = await run("compare", "--json", ...args);
  assertEquals([code, err], [0, ""]);
  return reportSchema.parse(JSON.parse(out));
}

Deno.test("compare --json takes every option, keeps to the schema and says the same twice", async () => {
  await inFolder(async (folder) => {
    const routes = `${folder}/routes`;
    Deno.writeTextFileSync(routes, FOUR_ROUTES);
    const args = ["compare", "--json", "--routes", routes, "--stacks", "p2pnic,dpdk-faithful"];
    args.push("--traffic", "256B", "--pattern", "2in-2out-mix", "--rate", "7.5", "--seed", "9");
    args.push("--count", "300", "--fidelity", "coarse");
    const first = await run(...args);
    assertEquals([first.code, first.err], [0, ""]);
    const report = reportSchema.parse(JSON.parse(first.out));
    assertEquals(report.command, `planecheck ${args.join(" ")}`);
    assertEquals(report.stacks.map((stack) => stack.name), ["p2pnic", "dpdk-faithful"]);
    assertEquals(report.stacks.map((stack) => stack.offered), [300, 300]);
    assertEquals(report.stacks.map((stack) => stack.policy.onMiss), ["drop", "reflect"]);
    const { pattern, rateGbps, seed, wireBytes, inputPorts } = report.traffic;
    assertEquals({ pattern, rateGbps, seed, wireBytes, inputPorts }, {
      pattern: "2in-2out-mix",
      rateGbps: 7.5,
      seed: 9,
      wireBytes: 300 * 256,
      inputPorts: [0, 1],
    });
    assertEquals(report.machine.fidelity, "coarse");
    const again = await run(...args);
    assert(again.out === first.out, "two runs of one command differ");
  });
});

Deno.test("compare forwards a capture and accounts for each packet", async () => {
  await inFolder(async (folder) => {
    const [routes, pcap] = [`${folder}/routes`, `${folder}/ten.pcap`];
    Deno.writeTextFileSync(routes, FOUR_ROUTES);
    Deno.writeFileSync(pcap, tenPackets());
    const report = await reportOf("--routes", routes, "--pcap", pcap, "--stacks", "dpdk");
    const [stack] = report.stacks;
    assertEquals(stack!.forwarded, 8);
    assertEquals(stack!.dropped, [{ reason: "ttl", packets: 1 }, {
      reason: "no-route",
      packets: 1,
    }]);
    assertEquals(stack!.laws.map((law) => law.id), [
      "RUN-1",
      ...LAWS.map((law) => law.id),
    ]);
    assertEquals(stack!.laws.filter((law) => law.verdict === "broken"), []);
    assertEquals(report.traffic.capture!.cut, null);
    const some = await reportOf(
      "--routes",
      routes,
      "--pcap",
      pcap,
      "--stacks",
      "dpdk",
      "--count=3",
    );
    assertEquals(some.stacks[0]!.offered, 3);
    assertEquals(some.traffic.capture!.beyondCount, 7);
  });
});

Deno.test("compare uses a capture up to where it is cut, and says where", async () => {
  await inFolder(async (folder) => {
    const [routes, pcap] = [`${folder}/routes`, `${folder}/cut.pcap`];
    Deno.writeTextFileSync(routes, FOUR_ROUTES);
    // 24 bytes of file header, then 16 and 60 for each packet: cut within the fourth one.
    Deno.writeFileSync(pcap, tenPackets().subarray(0, 24 + 3 * 76 + 30));
    const args = ["--routes", routes, "--pcap", pcap, "--stacks", "dpdk"];
    const report = await reportOf(...args);
    assertEquals(report.traffic.capture!.cut!.offset, 24 + 3 * 76 + 16);
    assertEquals([report.stacks[0]!.offered, report.stacks[0]!.forwarded], [3, 3]);
    const { code, out, err } = await run("compare", ...args);
    assertEquals([code, err], [0, ""]);
    assert(out.includes(`The capture ${pcap} is cut at offset 0x10c (`), out);
  });
});

Deno.test("compare refuses a capture that is cut before its first packet", async () => {
  await inFolder(async (folder) => {
    const pcap = `${folder}/cut.pcap`;
    Deno.writeFileSync(pcap, tenPackets().subarray(0, 30));
    const { code, err } = await run("compare", "--pcap", pcap);
    assertEquals(code, 2);
    assert(
      err.startsWith(
        `planecheck: ${pcap}: expected at least one frame that a port can receive, got none of ` +
          "0 packets; cut at offset 0x18: ",
      ),
      err,
    );
    assertEquals(err.split("\n").length, 2, err);
  });
});

Deno.test("compare refuses a capture that no port can receive, and says why", async () => {
  await inFolder(async (folder) => {
    const pcap = `${folder}/long.pcap`;
    const packets = [{ timeNs: 0, bytes: new Uint8Array(1519) }];
    Deno.writeFileSync(pcap, writePcap({ linkType: 1, packets }));
    assertEquals(await run("compare", "--pcap", pcap), {
      code: 2,
      out: "",
      err:
        `planecheck: ${pcap}: expected at least one frame that a port can receive, got none of ` +
        "1 packet; 1 too long\n",
    });
  });
});

Deno.test("compare keeps a default route from a stack whose table cannot hold one", async () => {
  await inFolder(async (folder) => {
    const [routes, pcap] = [`${folder}/routes`, `${folder}/ten.pcap`];
    Deno.writeTextFileSync(routes, FOUR_ROUTES + "0.0.0.0/0 1\n");
    Deno.writeFileSync(pcap, tenPackets());
    const report = await reportOf("--routes", routes, "--pcap", pcap, "--stacks", "dpdk,p2pnic");
    const noRoute = report.stacks.map((stack) =>
      stack.dropped.find(({ reason }) => reason === "no-route")?.packets ?? 0
    );
    assertEquals(noRoute, [1, 0]);
    for (const stack of report.stacks) {
      assertEquals(stack.laws.filter((law) => law.verdict === "broken"), []);
    }
  });
});

Deno.test("compare --report writes a whole folder and renews it", async () => {
  await inFolder(async (folder) => {
    const [routes, report] = [`${folder}/routes`, `${folder}/new/report`];
    Deno.writeTextFileSync(routes, FOUR_ROUTES);
    const args = ["--routes", routes, "--stacks", "dpdk", "--count", "100", "--report", report];
    const { code, out, err } = await run("compare", ...args);
    assertEquals([code, err], [0, ""]);
    assert(out.endsWith(`Report: ${report}/index.html\n`), out);
    assertEquals(listing(report), ["index.html", "report.json"]);
    assertEquals(listing(`${folder}/new`), ["report"]);
    const json = Deno.readTextFileSync(`${report}/report.json`);
    assertEquals(reportSchema.parse(JSON.parse(json)).stacks.length, 1);
    Deno.writeTextFileSync(`${report}/index.html`, "old");
    Deno.writeTextFileSync(`${report}/mine`, "kept");
    assertEquals((await run("compare", ...args)).code, 0);
    assertEquals(listing(report), ["index.html", "mine", "report.json"]);
    assert(Deno.readTextFileSync(`${report}/index.html`).startsWith("<!DOCTYPE html>"));
    assertEquals(Deno.readTextFileSync(`${report}/report.json`), json);
  });
});

Deno.test("compare prints a table that fits 120 columns", async () => {
  const { code, out, err } = await run(
    ...["compare", "--traffic", "64B", "--rate", "40", "--count", "2000", "--fidelity", "coarse"],
    ...["--stacks", "dpdk-faithful,p2pnic"],
  );
  assertEquals([code, err], [0, ""]);
  const lines = out.split("\n").filter((line) => /^[┌│├└]/.test(line));
  assert(lines.length >= 11, out);
  for (const line of lines) assert(line.length <= 120, `${line.length} columns: ${line}`);
});
