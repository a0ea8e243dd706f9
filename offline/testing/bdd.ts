// Stands in for jsr:@std/testing/bdd where JSR cannot be reached, over node:test, which Deno runs as
// tests of its own.
export {
  after as afterAll,
  afterEach,
  before as beforeAll,
  beforeEach,
  describe,
  it,
} from "node:test";
