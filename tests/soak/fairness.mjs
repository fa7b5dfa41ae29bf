// fairness.mjs - ten queues on loopback: seven that answer after a while, one that never
// answers, one that fails, one that is not there.
//
//   node fairness.mjs PORTS     writes "good PORT", "hang PORT", "fail PORT" and "none PORT"
//                               to PORTS; ends with standard input
//
// GET /count says how many tasks the seven have taken, and how long that took, in
// microseconds from the first to the last; GET /reset begins anew.
import { createServer } from "node:http";
import { createServer as createNet } from "node:net";
import { renameSync, writeFileSync } from "node:fs";

const ANSWER_MS = Number(process.env.ANSWER_MS ?? 150);
let taken = 0, first = 0n, last = 0n;
const open = (serve) => new Promise((done) => {
  const server = createServer({ keepAliveTimeout: 60000 }, serve);
  server.listen(0, "127.0.0.1", () => done(server.address().port));
});
const good = (req, res) => {
  if (req.url === "/count") return res.end(`${taken} ${(last - first) / 1000n}\n`);
  if (req.url === "/reset") {
    taken = 0;
    return res.end("ok\n");
  }
  req.resume();
  setTimeout(() => {
    last = process.hrtime.bigint();
    if (taken++ === 0) first = last;
    res.statusCode = 202;
    res.end();
  }, ANSWER_MS);
};
const fail = (req, res) => {
  req.resume();
  res.statusCode = 500;
  res.end();
};
const ports = { good: await open(good), hang: await open((req) => req.resume()), fail: await open(fail) };
// A port that nobody listens at any more.
ports.none = await new Promise((done) => {
  const server = createNet().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
writeFileSync(`${process.argv[2]}.new`, Object.entries(ports).map((e) => e.join(" ")).join("\n") + "\n");
renameSync(`${process.argv[2]}.new`, process.argv[2]);
process.stdin.on("end", () => process.exit(0)).resume();
