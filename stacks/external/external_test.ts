// Aim: a program is given exactly the scenario, what it sends is recognised, what it does wrong is
// told as what it is. Method: a small forwarder with one fault at a time as the program; the shell's
// own commands for programs that crash, hang, flood or babble; the examples of the documentation
// where their language is there.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type DeviceUnderTest, RunFailure, type Scenario } from "../../core/machine/device.ts";
import { FATE, GENERATED, Observation } from "../../core/machine/observation.ts";
import type { Policy } from "../../core/policy.ts";
import {
  build,
  checkConformance,
  judgeScenario,
  PLAIN_GEOMETRY,
  PLAIN_PACKET,
  reportCounterexample,
  RUN_1,
  shrinkToLaw,
  Subject,
} from "../../properties/mod.ts";
import { readCapture } from "../../fixtures/mod.ts";
import { writeFolder } from "./captures.ts";
import { external, type ExternalProtocol } from "./external.ts";
import { oddRouter } from "./_odd_router_for_tests.ts";
import { Identities } from "./identity.ts";
import { ANY_ROUTER } from "./policy.ts";
import { observe } from "./observe.ts";
import { readRecords, writeRecords } from "./records.ts";

const CHILD = new URL("./_forward_for_tests.ts", import.meta.url).pathname;

/** Three packets from port 0 to what lies behind port 1. */
const SCENARIO: Scenario = build({
  geometry: PLAIN_GEOMETRY,
  neighbours: [1, 0],
  routes: [{ prefix: 0x0a000000, depth: 8, nextHop: 0 }],
  packets: [1, 2, 3].map((n) => ({ ...PLAIN_PACKET, src: 0x0b000001, dst: 0x0a000000 + n })),
  deviations: [],
});

function program(fault: string, protocol: ExternalProtocol = "stream") {
  const command = `"${Deno.execPath()}" run -A --no-check --no-config "${CHILD}" "${fault}"`;
  return external({ command, protocol, name: "child" });
}

function shell(command: string, timeoutMs = 5000) {
  return () => external({ command, timeoutMs }).run(SCENARIO);
}

Deno.test("writeRecords writes ports, routes and frames as the documentation says", () => {
  const bytes = writeRecords(SCENARIO);
  const hex = bytes.subarray(0, 24 + 17 + 6).toHex();
  assertEquals(
    hex,
    ["00000008", "50", "00", "060000000000"].join("") +
      ["00000008", "50", "01", "060000000001"].join("") +
      ["0000000d", "52", "0a000000", "08", "01", "0a0000000100"].join("") +
      ["0000003e", "46", "00"].join(""),
  );
  const frames = readRecords(bytes.subarray(24 + 17), 2);
  assertEquals(frames.map(({ port, length }) => [port, length]), [[0, 60], [0, 60], [0, 60]]);
});

for (const protocol of ["stream", "pcap"] as const) {
  Deno.test(`external recognises every packet that a right program sends (${protocol})`, () => {
    const o = program("none", protocol).run(SCENARIO);
    assertEquals([...o.outPacket.subarray(0, o.outCount)], [0, 1, 2]);
    assertEquals([...o.outPort.subarray(0, o.outCount)], [1, 1, 1]);
    assertEquals([...o.fate.subarray(0, 3)], [FATE.emitted, FATE.emitted, FATE.emitted]);
    assertEquals(o.outBytes[22], 63);
    assertEquals(o.faultCount, 0);
  });
}

Deno.test("external HARN-6: books what never came out, what came twice and what is a stranger", () => {
  const lost = program("loses the second").run(SCENARIO);
  assertEquals([...lost.fate.subarray(0, 3)], [FATE.emitted, FATE.dropped, FATE.emitted]);
  const twice = program("sends the first twice").run(SCENARIO);
  assertEquals([...twice.outPacket.subarray(0, 4)], [0, 1, 2, 0]);
  assertEquals(twice.faults[0]!.kind, "second-fate");
  const stranger = program("sends one of its own").run(SCENARIO);
  assertEquals([...stranger.outPacket.subarray(0, 4)], [0, 1, 2, -1]);
  // changed where nothing may change it, and still recognised
  const flipped = program("flips a bit").run(SCENARIO);
  assertEquals([...flipped.outPacket.subarray(0, 3)], [0, 1, 2]);
});

Deno.test("external says how a program ended that did not end well", () => {
  const cases: readonly [() => unknown, RegExp][] = [
    [
      shell("sh -c 'cat > /dev/null; echo no memory >&2; exit 3'"),
      /^it ended with exit code 3, saying "no memory"$/,
    ],
    [shell("sh -c 'kill -SEGV $$'"), /^it was ended by SIGSEGV/],
    [shell("sleep 20", 200), /^it did not end within 200 ms$/],
    [shell("yes"), /^it wrote more than \d+ bytes$/],
    [
      shell("printf 'hello there'"),
      /^it wrote record 0 at byte 0: expected the letter "F", got 0x6f$/,
    ],
    [shell("cat"), /expected the letter "F", got 0x50$/],
    [shell(String.raw`printf '\0\0\0\20F\1'`), /expected a frame of 14 bytes, got 0$/],
    [shell(String.raw`printf '\0\0\0\3F\1'`), /expected a frame of 14..65535 bytes, got 1$/],
    [shell(String.raw`printf '\0\0\0'`), /expected a length, a letter and a port, got 3 bytes$/],
    [shell(String.raw`printf '\0\0\0\20F\11aaaaaaaaaaaaaa'`), /expected a port below 2, got 9$/],
    [
      () => program("cuts the capture", "pcap").run(SCENARIO),
      /^it wrote out1.pcap cut at byte \d+: /,
    ],
    [
      () => external({ command: "sh -c 'echo x > $0/out0.pcap'", protocol: "pcap" }).run(SCENARIO),
      /^it wrote out0.pcap: offset 0x0: expected the magic of a pcap/,
    ],
  ];
  for (const [act, said] of cases) {
    const error = assertThrows(act, RunFailure);
    assert(said.test(error.message), `${said}: ${error.message}`);
    assertEquals(error.kind, said.source.includes("200 ms") ? "timeout" : "other");
  }
});

Deno.test("external does not hold against a program that the shell cannot start it", () => {
  const folder = Deno.makeTempDirSync();
  const file = `${folder}/program`;
  try {
    Deno.writeTextFileSync(file, "#!/bin/sh\nexit 0\n", { mode: 0o644 });
    for (
      const [command, words] of [[file, "ermission denied"], ["/no/such", "ot found"]] as const
    ) {
      const device = external({ command });
      const subject = new Subject(device);
      for (const act of [() => device.run(SCENARIO), () => judgeScenario(subject, SCENARIO, [])]) {
        const error = assertThrows(act, RunFailure, `expected a program that can be run, got "`);
        assertEquals(error.kind, "missing");
        assert(error.message.includes(words), error.message);
      }
    }
    // what has run once was there
    Deno.chmodSync(file, 0o755);
    const device = external({ command: file });
    device.run(SCENARIO);
    Deno.removeSync(file);
    assertEquals(assertThrows(() => device.run(SCENARIO), RunFailure).kind, "other");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("conformance runs a program that hangs a few times, and tells it in words about programs", () => {
  const device = external({ command: "sleep 20", name: "mine", timeoutMs: 50 });
  let runs = 0;
  const counted: DeviceUnderTest = { ...device, run: (one) => (runs++, device.run(one)) };
  const { laws, harness } = checkConformance(counted, { numRuns: 30 });
  assert(runs <= 3 + 5 + 2, `${runs} runs`);
  assertEquals(
    harness.at(-1)!.sentence,
    "3 of 30 scenarios were run: the device did not end in time on 3",
  );
  const text = reportCounterexample(laws[0]!.counterexample!);
  assert(text.startsWith("RUN-1 broken by mine: it did not end within 50 ms\n"), text);
  assert(!/threw|\.ts:|unknown:/.test(text), text);
  // and when a capture is shrunk
  runs = 0;
  assert(shrinkToLaw(counted, SCENARIO, RUN_1) !== null);
  assert(runs <= 5 + 2, `${runs} runs`);
});

Deno.test("conformance tells of a program that crashes as RUN-1, and of one that loses as LOSS-1a", () => {
  const options = { numRuns: 3, only: /^LOSS-1a$/ };
  const crash = checkConformance(external({ command: "sh -c 'exit 9'", name: "mine" }), options);
  const [first] = crash.laws;
  assertEquals([first!.law.id, first!.kept], ["RUN-1", 0]);
  const text = reportCounterexample(first!.counterexample!);
  assert(text.startsWith("RUN-1 broken by mine: it ended with exit code 9\n"), text);
  const lossy = checkConformance(external({ command: "true", name: "mine" }), options);
  const said = reportCounterexample(lossy.laws[1]!.counterexample!);
  const sentence = "LOSS-1a broken by mine: packet 0 never came out of mine, expected it to be " +
    "forwarded: the policy\ndeclares no loss\n";
  assert(said.startsWith(sentence), said);
});

Deno.test("Identities tells packets by what forwarding leaves alone, alike ones in order", () => {
  const { traffic } = SCENARIO;
  const twice = {
    ...traffic,
    offset: Uint32Array.of(0, traffic.offset[1]!, 0),
  };
  const identities = new Identities(twice);
  const of = (at: number, change: (bytes: Uint8Array) => void = () => {}) => {
    const bytes = traffic.bytes.slice(at, at + 60);
    change(bytes);
    const exactly = identities.exactly(bytes, 0, 60);
    return exactly < 0 ? ["likely", identities.likely(bytes, 0, 60)] : ["exactly", exactly];
  };
  assertEquals([of(0), of(60), of(0), of(0)].map(([, packet]) => packet), [0, 1, 2, 2]);
  assertEquals(of(60, (b) => b.set([1, 2, 3], 0)), ["exactly", 1]);
  // another destination: told by what follows the header
  assertEquals(of(60, (b) => b[33]! ^= 1), ["likely", 1]);
  // a header that is none: told by the last bytes
  assertEquals(of(60, (b) => b[14] = 0), ["likely", 1]);
  assertEquals(of(60, (b) => b.fill(9)), ["likely", -1]);
});

Deno.test("Identities tells packets of one payload by their headers, though the TTL fell", () => {
  const { traffic } = SCENARIO;
  const bytes = new Uint8Array(120);
  for (const at of [0, 60]) bytes.set(traffic.bytes.subarray(0, 60), at);
  bytes[60 + 14 + 5] = 1; // another identification
  const length = Uint32Array.of(60, 60);
  const two = { ...traffic, count: 2, bytes, offset: Uint32Array.of(0, 60), length };
  for (const first of [0, 1]) {
    const identities = new Identities(two);
    for (const packet of [first, 1 - first]) {
      const sent = bytes.slice(packet * 60, packet * 60 + 60);
      sent.set([9, 9], 0);
      sent[14 + 8]!--;
      sent[14 + 10]! += 1;
      assertEquals(identities.exactly(sent, 0, 60), packet);
    }
  }
});

Deno.test("external refuses an empty command and a time that is none", () => {
  assertThrows(() => external({ command: " " }), RangeError, "the command is empty");
  assertThrows(() => external({ command: "cat", timeoutMs: 0 }), RangeError, "timeoutMs is 0");
});

function has(program: string): boolean {
  return new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" })
    .outputSync().success;
}

const EXAMPLES = new URL("../../docs/examples/", import.meta.url).pathname;

Deno.test({
  name: "the example in Python keeps all laws that can be judged",
  ignore: !has("python3"),
  fn: () => keepsAll(`python3 "${EXAMPLES}forward.py"`, 8),
});

Deno.test({
  name: "the example in C keeps all laws that can be judged",
  ignore: !has("cc"),
  fn() {
    const folder = Deno.makeTempDirSync();
    try {
      const args = ["-O1", "-Wall", "-Werror", "-o", `${folder}/forward`, `${EXAMPLES}forward.c`];
      const { success, stderr } = new Deno.Command("cc", { args }).outputSync();
      assert(success, new TextDecoder().decode(stderr));
      keepsAll(`"${folder}/forward"`, 60);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

function keepsAll(command: string, numRuns: number): void {
  const { laws, runs } = checkConformance(external({ command }), { numRuns });
  assertEquals(runs, numRuns);
  for (const { law, judged, kept, counterexample } of laws) {
    if (counterexample !== null) throw new Error(reportCounterexample(counterexample));
    assertEquals(kept, judged, law.id);
  }
  assert(laws.filter(({ judged }) => judged > 0).length >= 12);
}

Deno.test("conformance keeps every law on a right router with the rare habits that RFC 1812 allows", () => {
  const check = (policy: Policy, only = /./) => {
    const device: DeviceUnderTest = {
      ...external({ command: "odd", policy }),
      run: (scenario) => observe(new Observation(), "odd", policy, scenario, oddRouter(scenario)),
    };
    return checkConformance(device, { numRuns: 100, only }).laws;
  };
  const all = check(ANY_ROUTER);
  assertEquals(
    all.flatMap(({ counterexample: c }) => c === null ? [] : [reportCounterexample(c)]),
    [],
  );
  assert(all.find(({ law }) => law.id === "PKT-10")!.judged > 0, "no ICMP error was judged");
  // each habit breaks a law where it is not allowed
  const { mayDropAs: _, ...mustForward } = ANY_ROUTER;
  const { originates: __, ...mustBeSilent } = ANY_ROUTER;
  const { padding: ___, ...mustKeep } = ANY_ROUTER;
  const cases = [[mustForward, "LOSS-1a"], [mustBeSilent, "PKT-1"], [mustKeep, "PKT-1"]] as const;
  for (const [policy, id] of cases) {
    const law = check(policy, new RegExp(`^${id}$`)).find(({ law }) => law.id === id)!;
    assert(law.counterexample !== null, `${id} was kept`);
  }
});

Deno.test("observe tells an ICMP error that was offered from one of the device's own", () => {
  const bytes = SCENARIO.traffic.bytes.slice();
  bytes.set([1], 23); // ICMP
  bytes.set([11], 34); // time exceeded
  const traffic = { ...SCENARIO.traffic, bytes };
  const sent = bytes.slice(0, 60);
  const own = bytes.slice(0, 60);
  own.set([9, 9], 40);
  const o = observe(new Observation(), "router", ANY_ROUTER, { ...SCENARIO, traffic }, {
    bytes: Uint8Array.of(...sent, ...own),
    frames: [{ port: 1, offset: 0, length: 60 }, { port: 1, offset: 60, length: 60 }],
  });
  assertEquals([...o.outPacket.subarray(0, 2)], [0, GENERATED]);
});

Deno.test("observe: nothing is sent before its packet came, or before what was sent before it", () => {
  const { traffic: { at, bytes, offset, length } } = SCENARIO;
  for (const order of [[0, 1, 2], [2, 0, 1], [1, 2], [2, 1, 0], [0, 0, 2]]) {
    const frames = order.map((p) => ({ port: 1, offset: offset[p]!, length: length[p]! }));
    const o = observe(new Observation(), "router", ANY_ROUTER, SCENARIO, { bytes, frames });
    assertEquals([...o.outPacket.subarray(0, o.outCount)], order);
    for (let i = 0; i < o.outCount; i++) {
      assert(o.outStart[i]! > at[order[i]!]!, `frame ${i} of ${order} at ${o.outStart[i]}`);
      assert(i === 0 || o.outStart[i]! > o.outStart[i - 1]!, `frame ${i} of ${order}`);
    }
    assert(o.endPs > o.outStart[o.outCount - 1]! && o.endPs > at[2]!);
  }
});

Deno.test("a program is given every frame of a port but those whose FCS is wrong, in files as in a stream", () => {
  const badFcs = Uint8Array.of(0, 1, 0);
  const scenario = { ...SCENARIO, traffic: { ...SCENARIO.traffic, badFcs } };
  const records = readRecords(writeRecords(scenario).subarray(24 + 17), 2);
  assertEquals(records.length, 2);
  const folder = Deno.makeTempDirSync();
  try {
    writeFolder(folder, scenario);
    const [one, other] = [0, 1].map((port) =>
      readCapture("in", Deno.readFileSync(`${folder}/in${port}.pcap`))
    );
    assertEquals([one!.count, other!.count], [2, 0]);
    const { bytes, offset } = SCENARIO.traffic;
    const frames = [0, 2].map((p) => bytes.slice(offset[p]!, offset[p]! + 60));
    const got = [0, 1].map((i) => one!.bytes.slice(one!.offset[i]!, one!.offset[i]! + 60));
    assertEquals(got, frames);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("observe takes a frame for the packet that it is known to be, whatever its bytes", () => {
  const { traffic } = SCENARIO;
  const frames = [1, 0].map((packet) => ({ packet, port: 1, offset: 0, length: 60 }));
  const bytes = new Uint8Array(60).fill(7);
  const o = observe(new Observation(), "router", ANY_ROUTER, SCENARIO, { bytes, frames });
  assertEquals([...o.outPacket.subarray(0, 2)], [1, 0]);
  assertEquals(o.fate.subarray(0, traffic.count).filter((fate) => fate === FATE.emitted).length, 2);
});
