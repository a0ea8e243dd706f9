// Aim: the compute shaders answer what their plain twins answer, and both what a linear search over the routes does:
// on drawn tables and addresses, at batches of all sizes, also after routes have changed.
// Method: the shaders run on whatever WebGPU adapter there is (a software one is enough). The oracle is written here,
// over arrays of routes with BigInt, and shares nothing with the tables. Where there is no adapter each test that
// needs one is ignored and says that the shader was not judged.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { lookupDir24_8 } from "../dir24_8.ts";
import { Dir24_8Words, type PsRoute } from "../dir24_8_words.ts";
import { LengthSearchWords, lookupLengths, type Route6 } from "../length_search.ts";
import { LookupShader } from "./shader.ts";

// where there is no Vulkan, wgpu falls back on OpenGL, whose answers for tables uploaded anew were wrong (Mesa 22.3)
if (Deno.env.get("DENO_WEBGPU_BACKEND") === undefined) {
  Deno.env.set("DENO_WEBGPU_BACKEND", "vulkan,metal,dx12");
}
const adapter = await navigator.gpu?.requestAdapter() ?? null;
const NOT_JUDGED = adapter === null ? " (no WebGPU adapter: the shader was not judged)" : "";

/** A test on the adapter's device; ignored, and says so, where there is none. */
function onDevice(name: string, fn: (device: GPUDevice) => Promise<void>): void {
  Deno.test({
    name: name + NOT_JUDGED,
    ignore: adapter === null,
    async fn() {
      const device = await adapter!.requestDevice();
      try {
        device.pushErrorScope("validation");
        await fn(device);
        assertEquals(await device.popErrorScope(), null);
      } finally {
        device.destroy();
      }
    },
  });
}

/** Next hop plus 1 of the longest prefix that covers an address, looked for in all routes; 0 without one. */
function linear(
  routes: readonly { prefix: bigint; depth: number; nextHop: number }[],
  width: number,
  address: bigint,
): number {
  let best = -1;
  let answer = 0;
  for (const { prefix, depth, nextHop } of routes) {
    const shift = BigInt(width - depth);
    if (depth >= best && prefix >> shift === address >> shift) {
      best = depth;
      answer = nextHop + 1;
    }
  }
  return answer;
}

const wide = (words: readonly number[]): bigint =>
  words.reduce((sum, word) => sum << 32n | BigInt(word), 0n);

/** Prefixes near few bases, so that they nest; of two for one prefix the later counts. */
const base = fc.constantFrom(0x0a010000, 0x0a018080, 0xc0a80000, 0, 0xffffffff);
const route: fc.Arbitrary<PsRoute> = fc.record({
  prefix: fc.tuple(base, fc.nat(0x1ffff)).map(([b, more]) => (b ^ more) >>> 0),
  depth: fc.oneof(fc.constantFrom(0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32), fc.nat(32)),
  nextHop: fc.oneof(fc.nat(7), fc.constant(2 ** 24 - 1)),
});
const route6: fc.Arbitrary<Route6> = fc.record({
  prefix: fc.tuple(base, base, base, fc.nat(3)).map(([a, b, c, d]) =>
    [a, b, c, d] as [number, number, number, number]
  ),
  depth: fc.oneof(fc.constantFrom(0, 1, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128), fc.nat(128)),
  nextHop: fc.nat(2 ** 21 - 1),
});

/** Addresses at the edges of prefixes, and beyond. */
function addressesFor(routes: readonly PsRoute[], extra: readonly number[]): Uint32Array {
  const edges = routes.flatMap(({ prefix, depth }) => {
    const size = 2 ** (32 - depth);
    const first = Math.floor(prefix / size) * size;
    return [first, first + size - 1, first - 1, first + size].map((a) => a >>> 0);
  });
  return Uint32Array.from([...edges, ...extra, 0, 0xffffffff]);
}

function addresses6For(routes: readonly Route6[], extra: readonly number[]): Uint32Array {
  const words: number[] = [];
  for (const { prefix, depth } of routes) {
    const shift = BigInt(128 - depth);
    const first = wide(prefix) >> shift << shift;
    for (const a of [first, first + (1n << shift) - 1n, first - 1n, first + (1n << shift)]) {
      for (const at of [96n, 64n, 32n, 0n]) words.push(Number(BigInt.asUintN(32, a >> at)));
    }
  }
  return Uint32Array.from([...words, ...extra, 0, 0, 0, 0]);
}

function twin4(words: Uint32Array, keys: Uint32Array): Uint32Array {
  const results = new Uint32Array(keys.length);
  keys.forEach((key, i) => lookupDir24_8(words, key, results, i));
  return results;
}

function twin6(words: Uint32Array, keys: Uint32Array): Uint32Array {
  const results = new Uint32Array(keys.length >> 2);
  for (let i = 0; i < results.length; i++) {
    const probes = lookupLengths(words, keys, results, i);
    assert(probes <= 7 || words[1]! > 127, `${probes} probes for ${words[1]} lengths`);
  }
  return results;
}

function oracle4(routes: readonly PsRoute[], keys: Uint32Array): Uint32Array {
  const all = routes.map((r) => ({ ...r, prefix: BigInt(r.prefix) }));
  return keys.map((key) => linear(all, 32, BigInt(key)));
}

function oracle6(routes: readonly Route6[], keys: Uint32Array): Uint32Array {
  const all = routes.map((r) => ({ ...r, prefix: wide(r.prefix) }));
  return Uint32Array.from(
    { length: keys.length >> 2 },
    (_, i) => linear(all, 128, wide([...keys.subarray(4 * i, 4 * i + 4)])),
  );
}

Deno.test("lookupDir24_8 answers what a linear search does, after every addition and deletion", () => {
  const changes = fc.array(fc.tuple(route, fc.boolean()), { maxLength: 24, size: "max" });
  fc.assert(
    fc.property(
      changes,
      fc.array(fc.nat(0xffffffff)),
      fc.constantFrom(8, 16),
      (ops, extra, bits) => {
        const table = new Dir24_8Words(bits as 8 | 16);
        let routes: PsRoute[] = [];
        for (const [one, isDelete] of ops) {
          const victim = isDelete && routes.length > 0
            ? routes[one.nextHop % routes.length]!
            : null;
          const same = (r: PsRoute) => {
            const { prefix, depth } = victim ?? one;
            return r.depth === depth &&
              (depth === 0 || r.prefix >>> (32 - depth) === prefix >>> (32 - depth));
          };
          if (victim !== null) assertEquals(table.delete(victim.prefix, victim.depth), true);
          else table.add(one.prefix, one.depth, one.nextHop);
          routes = routes.filter((r) => !same(r));
          if (victim === null) routes.push(one);
          const keys = addressesFor([...routes, one], extra);
          assertEquals(twin4(table.words, keys), oracle4(routes, keys));
        }
        // the device's copy follows by what changed alone
        table.add(0x0a010200, 24, 3);
        table.upload();
        table.add(0x0a010300, 24, 4);
        const bytes = table.upload();
        assert(bytes < 4 * table.words.length, `${bytes} bytes for one route`);
        assertEquals(table.device, table.words);
      },
    ),
    { numRuns: 150, seed: 1 },
  );
});

Deno.test("lookupLengths answers what a linear search does, in seven probes", () => {
  fc.assert(
    fc.property(
      fc.array(route6, { maxLength: 40, size: "max" }),
      fc.array(fc.nat(0xffffffff), { minLength: 4, maxLength: 4 }),
      (routes, extra) => {
        const keys = addresses6For(routes, extra);
        assertEquals(twin6(new LengthSearchWords(routes).words, keys), oracle6(routes, keys));
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

onDevice(
  "packetshader 8.5: the IPv4 shader, its twin and a linear search agree",
  async (device) => {
    const shader = new LookupShader(device, "ipv4", new Dir24_8Words(8).words);
    await fc.assert(
      fc.asyncProperty(
        fc.array(route, { maxLength: 40, size: "max" }),
        fc.array(fc.nat(0xffffffff)),
        async (routes, extra) => {
          const table = new Dir24_8Words(8);
          for (const { prefix, depth, nextHop } of routes) table.add(prefix, depth, nextHop);
          const keys = addressesFor(routes, extra);
          shader.upload(table.words);
          const answers = await shader.lookup(keys, keys.length);
          assertEquals(answers, twin4(table.words, keys));
          assertEquals(answers, oracle4(routes, keys));
        },
      ),
      { numRuns: 60, seed: 1 },
    );
    shader.destroy();
  },
);

onDevice(
  "packetshader 8.5: the IPv6 shader, its twin and a linear search agree",
  async (device) => {
    const shader = new LookupShader(device, "ipv6", new LengthSearchWords([]).words);
    await fc.assert(
      fc.asyncProperty(
        fc.array(route6, { maxLength: 40, size: "max" }),
        fc.array(fc.nat(0xffffffff), { minLength: 4, maxLength: 4 }),
        async (routes, extra) => {
          const table = new LengthSearchWords(routes);
          const keys = addresses6For(routes, extra);
          shader.upload(table.words);
          const answers = await shader.lookup(keys, keys.length >> 2);
          assertEquals(answers, twin6(table.words, keys));
          assertEquals(answers, oracle6(routes, keys));
        },
      ),
      { numRuns: 60, seed: 1 },
    );
    shader.destroy();
  },
);

onDevice(
  "packetshader 8.17: the shader follows its table through route updates, at batches of all sizes",
  async (device) => {
    const [routes] = fc.sample(fc.array(route, { minLength: 64, maxLength: 64, size: "max" }), {
      numRuns: 1,
      seed: 2,
    });
    const table = new Dir24_8Words(16);
    table.addAll(routes!);
    const shader = new LookupShader(device, "ipv4", table.words);
    const keys = new Uint32Array(4096);
    for (let i = 0; i < keys.length; i++) {
      keys[i] = (routes![i % 64]!.prefix + Math.imul(i, 0x9e3779b1) % 4096) >>> 0;
    }
    for (const n of [1, 63, 64, 65, 320, 1000, 4095, 4096]) {
      const part = keys.slice(0, n);
      assertEquals(await shader.lookup(part, n), twin4(table.words, part), `${n} keys`);
    }
    let before = await shader.lookup(keys, keys.length);
    let changed = 0;
    for (const { prefix, depth, nextHop } of routes!.slice(0, 8)) {
      table.add(prefix, Math.max(1, depth), nextHop ^ 1);
      // what is not uploaded is not seen
      assertEquals(await shader.lookup(keys, keys.length), before);
      shader.upload(table.words);
      const after = await shader.lookup(keys, keys.length);
      assertEquals(after, twin4(table.words, keys));
      changed += after.filter((hop, i) => hop !== before[i]).length;
      before = after;
    }
    assert(changed > 0, "no update changed any answer");
    shader.destroy();
  },
);

onDevice(
  "packetshader 8.5: the IPv4 shader agrees on the table of 2^24 entries",
  async (device) => {
    const table = new Dir24_8Words(24);
    table.addAll([
      { prefix: 0x0a000000, depth: 8, nextHop: 1 },
      { prefix: 0x0a010000, depth: 16, nextHop: 2 },
      { prefix: 0x0a010203, depth: 32, nextHop: 3 },
    ]);
    const shader = new LookupShader(device, "ipv4", table.words);
    const keys = Uint32Array.of(0x0a000001, 0x0a010001, 0x0a010203, 0x0a010204, 0x0b000000);
    assertEquals([...await shader.lookup(keys, 5)], [2, 3, 4, 3, 0]);
    assertEquals(shader.launches, 1);
    shader.destroy();
  },
);
