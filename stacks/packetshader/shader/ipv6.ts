/**
 * The IPv6 look-up as a compute shader: binary search on prefix lengths over the words of `length_search.ts`, one
 * thread for each address, groups of 64 threads. `lookupLengths` is its plain twin.
 */

/** WGSL source; entry point `main`. */
export const IPV6_SHADER = `
@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(2) var<storage, read_write> results: array<u32>;

fn wordMask(depth: u32, at: u32) -> u32 {
  if (depth <= at) {
    return 0u;
  }
  let bits = depth - at;
  if (bits >= 32u) {
    return 0xffffffffu;
  }
  return 0xffffffffu << (32u - bits);
}

fn hash(a: vec4u, length: u32) -> u32 {
  var h = (0x811c9dc5u ^ a.x) * 0x01000193u;
  h = (h ^ a.y) * 0x01000193u;
  h = (h ^ a.z) * 0x01000193u;
  h = (h ^ a.w) * 0x01000193u;
  h = (h ^ length) * 0x01000193u;
  h ^= h >> 15u;
  return h ^ (h >> 7u);
}

fn holds(at: u32, a: vec4u, length: u32) -> bool {
  return words[at + 4u] == length + 1u && words[at] == a.x && words[at + 1u] == a.y &&
      words[at + 2u] == a.z && words[at + 3u] == a.w;
}

fn find(a: vec4u, length: u32) -> u32 {
  let last = words[2] - 1u;
  var slot = hash(a, length) & last;
  var at = 136u + slot * 6u;
  while (words[at + 4u] != 0u && !holds(at, a, length)) {
    slot = (slot + 1u) & last;
    at = 136u + slot * 6u;
  }
  return at;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let id = thread.x;
  if (id >= arrayLength(&results)) {
    return;
  }
  let address = vec4u(keys[4u * id], keys[4u * id + 1u], keys[4u * id + 2u], keys[4u * id + 3u]);
  var best = words[0];
  var low = 0u;
  var high = words[1];
  while (low < high) {
    let middle = (low + high) >> 1u;
    let length = words[8u + middle];
    let mask = vec4u(wordMask(length, 0u), wordMask(length, 32u), wordMask(length, 64u), wordMask(length, 96u));
    let at = find(address & mask, length);
    if (words[at + 4u] == 0u) {
      high = middle;
    } else {
      best = words[at + 5u];
      low = middle + 1u;
    }
  }
  results[id] = best;
}
`;
