/**
 * What the compression of tokens may refer to: the words of scenarios, the most usual last. It belongs
 * to the form of tokens (`pc1`): changed, old tokens could not be read.
 */
export const DICTIONARY: string =
  `{"kind":"add","base":0,"depth":24,"flip":0,"nextHop":0,"pick":0},"verb":0,"lcore":0,"n":1,` +
  `"from":"none","from":"there","from":"size","by":0,"quarters":4},"bases":[0],"depths":[],` +
  `"kinds":["add","addNear","change","deleteLive","delete","enqueue","enqueueBurst","enqueueBulk",` +
  `"dequeue","dequeueBurst","dequeueBulk","peek","peekBulk","reserve","reserveBulk"],` +
  `"verbs":["get","put","getBulk","putBulk","flush","wrongPut"],"steps":[{` +
  `"geometry":{"groups":64,"maxRules":1000,"defaultRoute":true},"size":4,"exactSize":false,` +
  `"startIndex":0,"cacheSize":0,"lcores":1},"exhaustive":true,` +
  `"kind":"mempool","kind":"ring","kind":"fib6","kind":"fib4","kind":"forwarder","name":"dpdk",` +
  `"name":"linux-napi","name":"p2pnic","law":"RING-1","law":"LPM-1","law":"POOL-1","law":"RUN-1",` +
  `"law":"ORD-1","law":"NIC-1","law":"LOSS-1b","law":"LOSS-3","law":"PKT-1","laws":1,"scenario":` +
  `{"geometry":{"ports":2,"lcores":1,"rxRing":64,"txRing":64,"ingress":64,"spareBuffers":64,` +
  `"poolCache":0,"peerSlots":32,"fidelity":"tlp","headerCredits":64,"dataCredits":512,"mps":256,` +
  `"fidelity":"coarse"},"portMacs":["020000000000","020000000001","020000000002","020000000003"],` +
  `"nextHops":[{"port":1,"mac":"020000000101"},{"port":0,"mac":"020000000100"}],` +
  `"routes":[{"prefix":"0.0.0.0/0","nextHop":0},{"prefix":"10.0.0.0/8","nextHop":1}],` +
  `"deviations":[{"site":"tie","occurrence":0,"value":1}],"packets":[{"port":1,"atPs":1000000,` +
  `"frame":"02000000000102ff0000000108004500002e000000004006` +
  `0000000000000000000000000000","port":0,"atPs":2000000,` +
  `"frame":"02000000000002ff0000000008004500002e0000000040110a000001` +
  `0a00000104000035001a0000000000000000000000000000000000000000"}],"deviations":[]}}`;
