/**
 * A look-up on a real GPU, or on what stands in for one: the shaders of this folder on a WebGPU device that the caller
 * has. A stack runs in virtual time and uses the plain twins; what is computed here is the same, word for word.
 */
import { IPV4_SHADER } from "./ipv4.ts";
import { IPV6_SHADER } from "./ipv6.ts";

/** Threads of a workgroup, as the shaders say. */
const WORKGROUP = 64;

/**
 * A compiled look-up with a table on the device.
 *
 * @example
 * ```ts
 * import { Dir24_8Words, LookupShader } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const table = new Dir24_8Words(8);
 * table.add(0x0a000000, 8, 1);
 * const adapter = await navigator.gpu?.requestAdapter() ?? null;
 * if (adapter !== null) {
 *   const device = await adapter.requestDevice();
 *   const shader = new LookupShader(device, "ipv4", table.words);
 *   assertEquals([...await shader.lookup(Uint32Array.of(0x0a000001, 0x0b000001), 2)], [2, 0]);
 *   shader.destroy();
 *   device.destroy();
 * }
 * assertEquals(table.size, 1);
 * ```
 */
export class LookupShader {
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;
  #table: GPUBuffer;
  /** Bytes copied to the device. */
  h2dBytes = 0;
  /** Bytes copied from it. */
  d2hBytes = 0;
  /** Kernels launched. */
  launches = 0;

  /** Compiles the shader of a family and copies a table to the device. */
  constructor(device: GPUDevice, family: "ipv4" | "ipv6", table: Uint32Array) {
    this.#device = device;
    const code = family === "ipv4" ? IPV4_SHADER : IPV6_SHADER;
    const module = device.createShaderModule({ code });
    this.#pipeline = device.createComputePipeline({
      layout: "auto",
      compute: { module, entryPoint: "main" },
    });
    this.#table = this.#buffer(table);
  }

  /** Copies another table to the device: look-ups asked for from now on are made in it. */
  upload(table: Uint32Array): void {
    this.#table.destroy();
    this.#table = this.#buffer(table);
  }

  /** Next hop plus 1 of each key, or 0; `n` keys. */
  async lookup(keys: Uint32Array, n: number): Promise<Uint32Array> {
    if (n === 0) return new Uint32Array(0);
    const device = this.#device;
    const input = this.#buffer(keys);
    const output = device.createBuffer({
      size: 4 * n,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
    });
    const back = device.createBuffer({
      size: 4 * n,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const bindGroup = device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: [input, this.#table, output].map((buffer, binding) => ({
        binding,
        resource: { buffer },
      })),
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(Math.ceil(n / WORKGROUP));
    pass.end();
    encoder.copyBufferToBuffer(output, 0, back, 0, 4 * n);
    device.queue.submit([encoder.finish()]);
    this.launches++;
    await back.mapAsync(GPUMapMode.READ);
    const results = new Uint32Array(back.getMappedRange().slice(0));
    this.d2hBytes += 4 * n;
    for (const buffer of [input, output, back]) buffer.destroy();
    return results;
  }

  /** Gives the table's memory back. */
  destroy(): void {
    this.#table.destroy();
  }

  #buffer(words: Uint32Array): GPUBuffer {
    const buffer = this.#device.createBuffer({
      size: words.byteLength,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
    });
    this.#device.queue.writeBuffer(buffer, 0, words as Uint32Array<ArrayBuffer>);
    this.h2dBytes += words.byteLength;
    return buffer;
  }
}
