// stub.mjs - a contact centre that is as strict as its vendor's documentation.
//
//   node stub.mjs VENDOR LOG     serves on a free loopback port, prints it, ends with stdin
//
// VENDOR is one of: twilio-taskrouter genesys-cloud amazon-connect huawei-aicc generic native.
// Whatever the vendor would refuse is refused here too, and is a line "refused: why" in LOG;
// what is taken is a line "taken ID", "duplicate ID", "recalled ID", "token". A task whose
// sequence number (the last digits of its id) is even is answered with "too many" once: lines
// "busy ID". From the environment: STUB_LOSE=1, the answer to a task with such an odd number
// (none at the end is odd) is lost after it was taken ("lost ID"); STUB_EXPIRE=N, a token is
// refused after N uses ("expired"); STUB_WAIT=S, who is busy says Retry-After.
import { createServer } from "node:http";
import { createHash, createHmac } from "node:crypto";
import { appendFileSync } from "node:fs";

const [vendor, log] = process.argv.slice(2);
const { STUB_LOSE, STUB_EXPIRE, STUB_WAIT } = process.env;
const note = (line) => appendFileSync(log, `${line}\n`);
const tasks = new Map(); // key -> remote id
const live = new Set();
const busied = new Set();

class Refusal extends Error {
  constructor(status, why, body) {
    super(why);
    this.status = status;
    this.body = body ?? { message: why };
  }
}
const must = (holds, status, why) => {
  if (!holds) throw new Refusal(status, why);
};

// ---- what is common -----------------------------------------------------------------------
const busy = (key, status = 429) => {
  if (Number(key.match(/(\d+)$/)?.[1] ?? 1) % 2 !== 0 || busied.has(key)) return;
  busied.add(key);
  note(`busy ${key}`);
  throw Object.assign(new Refusal(status, "too many requests"), { quiet: true });
};
const take = (key, prefix, dedupes) => {
  if (tasks.has(key) && dedupes) {
    note(`duplicate ${key}`);
    return { id: tasks.get(key), fresh: false };
  }
  must(!tasks.has(key), 500, `sent twice: ${key}`);
  tasks.set(key, `${prefix}${tasks.size + 1}`);
  live.add(tasks.get(key));
  note(`taken ${key}`);
  if (STUB_LOSE && Number(key.match(/(\d+)$/)?.[1] ?? 1) % 2 !== 0) {
    note(`lost ${key}`);
    throw Object.assign(new Refusal(0, "lost"), { quiet: true });
  }
  return { id: tasks.get(key), fresh: true };
};
const drop = (id) => {
  must(live.delete(id), 404, `nothing to recall: ${id}`);
  note(`recalled ${id}`);
};
const isUuid = (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
const json = (req) => {
  must(/^application\/(cloudevents\+)?json\b/i.test(req.headers["content-type"] ?? ""), 415,
    "the content type is not JSON");
  try {
    return JSON.parse(req.text);
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
};
const basic = (req, user, password) =>
  must(req.headers.authorization ===
    `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`, 401, "basic credentials");
const only = (object, names, where) => {
  for (const name of Object.keys(object))
    must(names.includes(name), 400, `${where} knows no ${name}`);
};
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const hash = (text) => createHash("sha256").update(text).digest("hex");

// ---- vendors --------------------------------------------------------------------------------
const twilio = (req) => {
  basic(req, "SK1", "secret");
  const found = req.path.match(/^\/v1\/Workspaces\/(WS[0-9a-f]{32})\/Tasks(?:\/(\w+))?$/);
  must(found, 404, `no such resource: ${req.path}`);
  if (req.method === "GET") {
    const [, key] = (req.query.get("EvaluateTaskAttributes") ?? "")
      .match(/^steward_key == "([^"]+)"$/) ?? [];
    must(key, 400, "EvaluateTaskAttributes is no expression");
    return [200, { tasks: tasks.has(key) ? [{ sid: tasks.get(key) }] : [] }];
  }
  must(req.method === "POST", 405, req.method);
  must(req.headers["content-type"] === "application/x-www-form-urlencoded", 415, "not a form");
  const form = Object.fromEntries(new URLSearchParams(req.text));
  if (found[2]) {
    only(form, ["AssignmentStatus", "Reason", "Attributes", "Priority"], "an update");
    must(form.AssignmentStatus === "canceled", 400, "AssignmentStatus");
    drop(found[2]);
    return [200, { sid: found[2], assignment_status: "canceled" }];
  }
  only(form, ["WorkflowSid", "TaskChannel", "Priority", "Timeout", "Attributes"], "a task");
  must(/^WW[0-9a-f]{32}$/.test(form.WorkflowSid ?? ""), 400, "WorkflowSid");
  must(/^\d+$/.test(form.Priority) && Number(form.Priority) < 2 ** 31, 400, "Priority");
  must(/^\d+$/.test(form.Timeout) && Number(form.Timeout) <= 1209600, 400, "Timeout");
  const attributes = JSON.parse(form.Attributes);
  must(isUuid(attributes.task_id), 400, "Attributes");
  busy(attributes.steward_key);
  return [201, { sid: take(attributes.steward_key, "WT").id, assignment_status: "pending" }];
};

let token = 0, uses = 0;
const genesys = (req) => {
  if (req.path === "/oauth/token") {
    basic(req, "client", "secret");
    must(req.headers["content-type"] === "application/x-www-form-urlencoded", 415, "not a form");
    must(req.text === "grant_type=client_credentials", 400, "grant_type");
    note("token");
    uses = 0;
    return [200, { access_token: `T${++token}`, token_type: "bearer", expires_in: 86399 }];
  }
  must(token > 0 && req.headers.authorization === `Bearer T${token}`, 401, "bearer token");
  if (STUB_EXPIRE && ++uses > Number(STUB_EXPIRE)) {
    note("expired");
    throw Object.assign(new Refusal(401, "expired"), { quiet: true });
  }
  const base = "/api/v2/taskmanagement/workitems";
  if (req.method === "DELETE") {
    drop(req.path.slice(base.length + 1));
    return [204];
  }
  must(req.method === "POST", 405, req.method);
  const body = json(req);
  if (req.path === `${base}/query`) {
    const [filter] = body.filters ?? [];
    must(filter?.name === "externalTag" && filter.operator === "EQ" && filter.type === "String"
      && filter.values.length === 1, 400, "filters");
    const id = tasks.get(filter.values[0]);
    return [200, { entities: id ? [{ id }] : [] }];
  }
  must(req.path === base, 404, `no such resource: ${req.path}`);
  only(body, ["name", "typeId", "queueId", "priority", "dateExpires", "externalTag",
    "assignmentEnabled", "description"], "a work item");
  must(typeof body.name === "string" && body.name.length <= 256, 400, "name");
  must(isUuid(body.typeId) && isUuid(body.queueId), 400, "typeId, queueId");
  must(Number.isInteger(body.priority), 400, "priority");
  must(!Number.isNaN(Date.parse(body.dateExpires)), 400, "dateExpires");
  busy(body.externalTag);
  return [201, { id: take(body.externalTag, "wi-").id }];
};

const sigv4 = (req) => {
  const found = (req.headers.authorization ?? "").match(new RegExp("^AWS4-HMAC-SHA256 " +
    "Credential=(\\w+)/(\\d{8})/([\\w-]+)/connect/aws4_request, SignedHeaders=([\\w;-]+), " +
    "Signature=([0-9a-f]{64})$"));
  must(found, 403, "MissingAuthenticationToken");
  const [, id, day, region, names, signature] = found;
  const at = req.headers["x-amz-date"] ?? "";
  must(id === "AKID" && region === "eu-west-1" && at.startsWith(day), 403, "credential scope");
  const signed = names.split(";");
  must(signed.includes("host") && signed.includes("x-amz-date"), 403, "host is not signed");
  const instant = Date.parse(at.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
  must(Math.abs(Date.now() - instant) < 300000, 403, "signature expired");
  const canonical = [req.method, encodeURI(req.path), "",
    ...signed.map((n) => `${n}:${req.headers[n].trim()}`), "", names, hash(req.text)].join("\n");
  const text = ["AWS4-HMAC-SHA256", at, `${day}/${region}/connect/aws4_request`,
    hash(canonical)].join("\n");
  const key = ["connect", "aws4_request"].reduce(hmac, hmac(hmac("AWS4secret/+", day), region));
  must(hmac(key, text).toString("hex") === signature, 403, "SignatureDoesNotMatch");
};
const amazon = (req) => {
  sigv4(req);
  const body = json(req);
  must(isUuid(body.InstanceId), 400, "InstanceId");
  if (req.path === "/contact/stop") {
    must(req.method === "POST", 405, req.method);
    only(body, ["ContactId", "InstanceId", "DisconnectReason"], "StopContact");
    drop(body.ContactId);
    return [200, {}];
  }
  must(req.method === "PUT" && req.path === "/contact/task", 404, `${req.method} ${req.path}`);
  only(body, ["InstanceId", "ContactFlowId", "Name", "Description", "References", "Attributes",
    "ClientToken", "ScheduledTime"], "StartTaskContact");
  must(isUuid(body.ContactFlowId), 400, "ContactFlowId");
  must(body.Name?.length > 0 && body.Name.length <= 512, 400, "Name");
  must(body.ClientToken?.length > 0 && body.ClientToken.length <= 500, 400, "ClientToken");
  for (const { Type, Value } of Object.values(body.References))
    must(Type === "URL" && /^https?:\/\//.test(Value), 400, "References");
  for (const value of Object.values(body.Attributes))
    must(typeof value === "string", 400, "Attributes are texts");
  busy(body.ClientToken);
  return [200, { ContactId: take(body.ClientToken, "contact-", true).id }];
};

let lastCall = 0;
const huawei = (req) => {
  const [scheme, ak, at, names, signature] = (req.headers.authorization ?? "").split("/");
  must(scheme === "auth-v2" && ak === "ak1" && signature, 401, "authorization");
  must(Math.abs(Date.now() - Date.parse(at)) < 300000, 401, "signature expired");
  const key = hmac("sk1", `auth-v2/${ak}/${at}`).toString("hex");
  const canonical = [req.method, req.path, "",
    ...names.split(";").map((n) => `${n}:${req.headers[n]}`)].join("\n");
  must(hmac(key, canonical).toString("hex") === signature, 401, "signature");
  must(/^\/rest\/isales\/v1\/openapi\/campaigns\/\d{1,4}\/calldata\/\d+$/.test(req.path), 404,
    `no such resource: ${req.path}`);
  must(Date.now() - lastCall >= 1000, 429, "less than a second since the call before");
  lastCall = Date.now();
  note("call");
  const { callDataList, ...rest } = json(req);
  must(Object.keys(rest).length === 0 && Array.isArray(callDataList), 400, "callDataList");
  must(callDataList.length >= 1 && callDataList.length <= 20, 400,
    `${callDataList.length} numbers in a call`);
  for (const one of callDataList) {
    only(one, ["sessionId", "called", "caller", "callData"], "call data");
    must(one.sessionId.length <= 32, 400, "sessionId");
    must(one.called.every((n) => /^[\d*#]{1,24}$/.test(n)), 400, "called");
  }
  if (callDataList.some(({ sessionId }) => tasks.has(sessionId)))
    return [200, { resultCode: "0204008", resultDesc: "the number is there already" }];
  for (const { sessionId } of callDataList) take(sessionId, "H");
  return [200, { resultCode: "0200000", resultDesc: "success" }];
};

const generic = (req) => {
  must(req.headers.authorization === "Bearer token-1", 401, "bearer token");
  const id = req.path.match(/^\/tasks\/([\w-]+)$/)?.[1];
  if (req.method === "GET") return [tasks.has(id) ? 200 : 404, {}];
  if (req.method === "DELETE") {
    drop(tasks.get(id) ?? id);
    return [204];
  }
  must(req.method === "POST" && req.path === "/tasks", 404, `${req.method} ${req.path}`);
  const body = json(req);
  must(isUuid(body.task_id) && req.headers["idempotency-key"] === body.task_id, 400, "task_id");
  busy(body.task_id);
  const { id: remote, fresh } = take(body.task_id, "G", true);
  return fresh ? [201, { id: remote }] : [409, { code: "duplicate", id: remote }];
};

const native = (req) => {
  const h = req.headers;
  const key = Buffer.from("k".repeat(32));
  const text = `${h["webhook-id"]}.${h["webhook-timestamp"]}.${req.text}`;
  must(h["webhook-signature"] === `v1,${hmac(key, text).toString("base64")}`, 401, "signature");
  must(Math.abs(Date.now() / 1000 - Number(h["webhook-timestamp"])) < 300, 401, "stale");
  const body = json(req);
  must(body.specversion === "1.0" && body.id === h["webhook-id"], 400, "no CloudEvent");
  if (req.path.endsWith("/recall")) {
    drop(tasks.get(body.data.task_id));
    return [202];
  }
  busy(body.id, 503);
  take(body.id, "N", true);
  return [202];
};

// ---- serving --------------------------------------------------------------------------------
const serve = { "twilio-taskrouter": twilio, "genesys-cloud": genesys, "amazon-connect": amazon,
  "huawei-aicc": huawei, generic, native }[vendor];
if (!serve || !log) {
  process.stderr.write("usage: stub.mjs VENDOR LOG\n");
  process.exit(2);
}
const answer = (res, status, body) => {
  res.writeHead(status, body === undefined ? {} : { "content-type": "application/json" });
  res.end(body === undefined ? undefined : JSON.stringify(body));
};
const server = createServer((req, res) => {
  const parts = [];
  req.on("data", (part) => parts.push(part));
  req.on("end", () => {
    const url = new URL(req.url, "http://stub");
    try {
      answer(res, ...serve({ method: req.method, path: url.pathname, query: url.searchParams,
        headers: req.headers, text: Buffer.concat(parts).toString() }));
    } catch (fault) {
      if (fault.status === 0) return req.socket.destroy();
      if (fault.status === 429 && STUB_WAIT) res.setHeader("Retry-After", STUB_WAIT);
      if (!fault.quiet) note(`refused: ${fault.message}`);
      answer(res, fault.status ?? 500, fault.body ?? { message: String(fault) });
    }
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
process.stdin.on("end", () => process.exit(0)).resume();
