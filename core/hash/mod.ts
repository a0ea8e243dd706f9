/** Hash tables with keys of one length, and CRC32C. */
export { crc32c, crc32cUpdate } from "./crc32c.ts";
export {
  HASH_ENTRIES_MAX,
  HASH_KEY_BYTES_MAX,
  type HashFunction,
  HashTable,
  type HashTableOptions,
} from "./hash_table.ts";
