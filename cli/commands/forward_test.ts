// Aim: `planecheck forward` forwards as its stack declares, loses nothing of a capture, tells what it did, and refuses
// in one line what it cannot take. Method: captures for ports, which need no permission; the reference router says what
// has to come out. What needs interfaces is in cli/live/forward.live.ts.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readCapture, toEthernet, writePcap } from "../../fixtures/mod.ts";
import { inFolder, listing, run } from "../_run_for_tests.ts";
import { captureOf, expected, payloads, traffic } from "../forward/_traffic_for_tests.ts";

Deno.test("forward sends what the reference router expects, in order, and counts the rest by reason", async () => {
  await inFolder(async (folder) => {
    const t = traffic(6000);
    const file = (name: string) => `${folder}/${name}.pcap`;
    for (const port of [0, 1]) Deno.writeFileSync(file(`in${port}`), captureOf(t, port));
    const ports = [0, 1].flatMap((p) => ["--port", `pcap:${file(`in${p}`)},${file(`out${p}`)}`]);
    const { code, out, err } = await run("forward", ...ports, "--json");
    assertEquals([code, err], [0, ""]);
    const { frames, dropped } = expected(t);
    const result = JSON.parse(out);
    for (const port of [0, 1]) {
      assert(frames[port]!.length > 2000);
      assertEquals(payloads(file(`out${port}`)), frames[port]);
      assertEquals(result.ports[port].txFrames, frames[port]!.length);
      assertEquals(result.ports[port].rxMissed, 0);
    }
    assertEquals(result.dropped, dropped);
  });
});

Deno.test("forward without --json says rates, drops and latencies, and writes the MAC addresses that it is told", async () => {
  await inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/in.pcap`, captureOf(traffic(100), 0));
    Deno.writeFileSync(`${folder}/none.pcap`, writePcap({ linkType: 1, packets: [] }));
    const ports = [`pcap:${folder}/in.pcap,${folder}/o0`, `pcap:${folder}/none.pcap,${folder}/o1`];
    const mac = "02:aa:bb:cc:dd:ee";
    const { out } = await run(
      ...["forward", "--port", ports[0]!, "--port", ports[1]!, "--eth-dest", `1,${mac}`],
    );
    assert(/^dpdk l3fwd \(strict\): 50 frames in, 4\d out in /.test(out), out);
    assertStringIncludes(out, "dropped: ");
    assertStringIncludes(out, "latency: none measured");
    const frames = toEthernet(readCapture("o1", Deno.readFileSync(`${folder}/o1`)));
    const hex = (at: number) =>
      [...frames.bytes.subarray(at, at + 6)].map((b) => b.toString(16).padStart(2, "0")).join(":");
    assertEquals(hex(frames.offset[0]!), mac);
    assertEquals(hex(frames.offset[0]! + 6), "02:00:00:00:01:01");
  });
});

Deno.test("forward refuses in one line what it cannot take, before it writes anything", async () => {
  const ports = ["--port", "pcap:a,b", "--port", "pcap:c,d"];
  const cases: [string[], RegExp][] = [
    [[], /^planecheck: --port: expected 2..16 of them, got 0\n$/],
    [
      ["--port", "a b", "--port", "c"],
      /--port: expected NAME, tap:NAME, xdp:NAME, xdp-native:NAME or pcap:IN,OUT, got "a b"/,
    ],
    [["--port", "x", "--port", "x"], /--port: expected each once, got "x" twice/],
    [[...ports, "--eth-dest", "2,02:00:00:00:00:01"], /--eth-dest: expected PORT,MAC with a port/],
    [[...ports, "--eth-dest", "0,02"], /--eth-dest: expected PORT,MAC/],
    [[...ports, "--ring", "100"], /--ring: expected a power of two in 64..4096, got "100"/],
    [[...ports, "--slots", "1000"], /--slots: expected a multiple of 32 in 1024..65536/],
    [[...ports, "--seconds", "0"], /--seconds: expected a number of seconds above 0/],
    [[...ports, "--metrics", "70000"], /--metrics: expected a TCP port in 1..65535/],
    [[...ports, "--stack", "vhs"], /--stack: expected one of linux-napi, /],
    [ports, /a: expected a pcap or pcapng file, got no such file/],
    [[...ports, "--routes", "nowhere"], /nowhere: expected a prefix list, got no such file/],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await run("forward", ...args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assert(message.test(err) && err.trimEnd().split("\n").length === 1, err);
  }
});

Deno.test("forward says where a capture was cut", async () => {
  await inFolder(async (folder) => {
    const bytes = captureOf(traffic(20), 0);
    Deno.writeFileSync(`${folder}/cut`, bytes.subarray(0, bytes.length - 5));
    Deno.writeFileSync(`${folder}/whole`, bytes);
    const port = (name: string) => ["--port", `pcap:${folder}/${name},${folder}/${name}.out`];
    const args = ["forward", ...port("whole"), ...port("cut")];
    const { code, out, err } = await run(...args);
    assertEquals([code, err], [0, ""]);
    const said = `The capture ${folder}/cut is cut at offset 0x`;
    assertEquals(out.split("\n").filter((line) => line.startsWith("The capture")).length, 1, out);
    assertStringIncludes(out, said);
    assertEquals(JSON.parse((await run(...args, "--json")).out).cuts.length, 1);
  });
});

Deno.test("forward never writes a capture over a file that it reads, whatever it is called", async () => {
  await inFolder(async (folder) => {
    const bytes = captureOf(traffic(20), 0);
    const input = `${folder}/in.pcap`;
    Deno.writeFileSync(input, bytes);
    Deno.writeFileSync(`${folder}/two.part`, bytes);
    Deno.writeTextFileSync(`${folder}/routes`, "0.0.0.0/1 0\n128.0.0.0/1 1\n");
    Deno.mkdirSync(`${folder}/sub`);
    Deno.symlinkSync(input, `${folder}/link`);
    Deno.linkSync(input, `${folder}/hard`);
    Deno.symlinkSync(folder, `${folder}/sub/up`);
    const before = listing(folder);
    const cases: readonly (readonly [string, string])[] = [
      [`${input},${input}`, input],
      [`${input},${folder}/sub/../in.pcap`, input],
      [`${input},${folder}//in.pcap`, input],
      [`${input},${folder}/sub/up/in.pcap`, input],
      [`${input},${folder}/link`, input],
      [`${folder}/link,${folder}/hard`, `${folder}/link`],
      [`${folder}/two.part,${folder}/two`, `${folder}/two.part`],
      [`${input},${folder}/routes`, `${folder}/routes`],
      [`${input},${folder}/sub/../o`, `${folder}/o`],
    ];
    for (const [pair, other] of cases) {
      const { code, out, err } = await run(
        ...["forward", "--port", `pcap:${folder}/in.pcap,${folder}/o`, "--port", `pcap:${pair}`],
        ...["--routes", `${folder}/routes`],
      );
      assertEquals([code, out], [2, ""], pair);
      const [, written] = pair.split(",");
      const said = "--port: expected a file of its own to write each capture to, got ";
      assertEquals(err, `planecheck: ${said}${written}, which would overwrite ${other}\n`);
      assertEquals(listing(folder), before);
      assertEquals(Deno.readFileSync(input), bytes);
    }
  });
});

Deno.test("forward tells a stack that is no poll loop", async () => {
  await inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/none.pcap`, writePcap({ linkType: 1, packets: [] }));
    const port = (name: string) => ["--port", `pcap:${folder}/none.pcap,${folder}/${name}`];
    const { code, err } = await run("forward", ...port("a"), ...port("b"), "--stack", "p2pnic");
    assertEquals(code, 2);
    const said = "expected one of poll loops alone (docs/forward.md), got p2pnic: the stack needs ";
    assert(err.startsWith(`planecheck: --stack: ${said}`), err);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["none.pcap"]);
  });
});
