/**
 * The IPv4 look-up as a compute shader: DIR-24-8 over the words of `dir24_8.ts`, one thread for each address, groups
 * of 64 threads. `lookupDir24_8` is its plain twin.
 */

/** WGSL source; entry point `main`. */
export const IPV4_SHADER = `
@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(2) var<storage, read_write> results: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let id = thread.x;
  if (id >= arrayLength(&results)) {
    return;
  }
  let address = keys[id];
  let bits = words[1];
  let groups = 2u + (1u << bits);
  var shift = 32u - bits;
  var entry = words[2u + (address >> shift)];
  while ((entry & 0x80000000u) != 0u) {
    shift -= 8u;
    entry = words[groups + (entry & 0x7fffffffu) * 256u + ((address >> shift) & 255u)];
  }
  results[id] = select(entry, words[0], entry == 0u);
}
`;
