// Differential oracle: drives the REAL http.Agent of the running Node through a
// JSON scenario and prints a JSON trace.  Usage: node node_oracle.mjs < scenario.json
// README.md beside it has the scenario and trace formats.
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const inf = (v) => (v === null ? Infinity : v);
const natural = (a, b) => String(a).localeCompare(String(b), 'en', { numeric: true });

export class Session {
  constructor(scn) {
    this.scn = scn;
    this.pulse = 0;             // bumped by every observed event
    this.sockets = [];          // client sockets in opening order; number = index + 1
    this.origins = new Map();   // name -> {name, port, server, gate, held: []}
    this.reqs = new Map();      // id -> request record
    this.events = this.blank();
    this.trace = [];
    this.onUncaught = (err) => { this.pulse++; this.events.uncaught.push(err.code || err.message); };
  }

  blank() {
    return { opened: [], connected: [], closed: [], arrived: [], done: [], timeouts: [], uncaught: [], skipped: [] };
  }

  async start() {
    process.on('uncaughtException', this.onUncaught);
    const opts = {};
    for (const [k, v] of Object.entries(this.scn.agent || {})) opts[k] = inf(v);
    this.agent = new http.Agent(opts);
    this.agent.createConnection = (options, cb) => {
      const s = net.createConnection(options, cb);
      s.n = this.sockets.push(s);
      s.origin = [...this.origins.values()].find((o) => o.host === options.host);
      s.carried = 0;
      this.pulse++;
      this.events.opened.push(s.n);
      s.on('connect', () => { this.pulse++; s.port = s.localPort; this.events.connected.push(s.n); });
      s.on('close', () => { this.pulse++; s.gone = true; this.events.closed.push(s.n); });
      for (const e of ['data', 'end', 'error', 'timeout', 'free', 'agentRemove']) {
        if (e === 'data' || e === 'error') continue; // a listener would change the socket's behaviour
        s.on(e, () => { this.pulse++; });
      }
      return s;
    };
    for (const [name, o] of Object.entries(this.scn.origins || { a: {} })) {
      const org = { name, host: `${name}.test`, gate: !!o.gate, held: [], conns: new Set(), byPort: new Map() };
      org.server = this.serve(org);
      await new Promise((ok) => org.server.listen(0, '127.0.0.1', ok));
      org.port = org.server.address().port;
      org.key = this.agent.getName({ host: org.host, port: org.port });
      if (o.refusing) await this.unlisten(org);
      this.origins.set(name, org);
    }
  }

  unlisten(org) { return new Promise((ok) => { org.server.close(() => {}); setImmediate(ok); }); }
  relisten(org) {
    org.server = this.serve(org);
    return new Promise((ok) => org.server.listen(org.port, '127.0.0.1', ok));
  }

  // Raw TCP server: answers nothing by itself, closes nothing by itself.
  serve(org) {
    return net.createServer({ allowHalfOpen: false, noDelay: true }, (c) => {
      this.pulse++;
      org.conns.add(c);
      org.byPort.set(c.remotePort, c);
      c.buf = '';
      c.on('data', (d) => {
        this.pulse++;
        c.buf += d.toString('latin1');
        for (let i; (i = c.buf.indexOf('\r\n\r\n')) >= 0;) {
          const head = c.buf.slice(0, i);
          c.buf = c.buf.slice(i + 4);
          const id = decodeURIComponent(/^\S+ \/(\S*)/.exec(head)[1]);
          const r = this.reqs.get(id);
          const conn = /^connection: *(.*)$/im.exec(head);
          r.conn = c;
          this.events.arrived.push({ id, socket: this.numberOf(c), connection: conn ? conn[1].toLowerCase() : null });
        }
      });
      c.on('error', () => { this.pulse++; });
      c.on('close', () => { this.pulse++; c.gone = true; org.conns.delete(c); });
    });
  }

  numberOf(conn) { return this.sockets.find((s) => s.origin.byPort.get(s.port) === conn)?.n ?? null; }
  connOf(n) {
    const s = this.sockets[n - 1];
    if (!s || s.gone || s.destroyed || s.connecting) return null;
    const c = s.origin.byPort.get(s.port);
    return c && !c.gone && !c.destroyed ? c : null;
  }

  skip(step, why) { this.events.skipped.push(`${step.op}: ${why}`); }

  act(step) {
    switch (step.op) {
      case 'request': return this.request(step);
      case 'respond': return this.respond(step);
      case 'finish': {
        const r = this.reqs.get(step.id);
        if (!r?.rest || r.conn.destroyed || r.conn.gone) return this.skip(step, 'nothing left to send');
        r.conn.write(r.rest); r.rest = null;
        if (r.endAfter) r.conn.end();
        return;
      }
      case 'abort': {
        const r = this.reqs.get(step.id);
        if (!r || r.settled) return this.skip(step, 'request is over');
        r.req.destroy();
        return;
      }
      case 'set': {
        const v = inf(step.value);
        if (step.option === 'timeout') this.agent.options.timeout = v; else this.agent[step.option] = v;
        return;
      }
      case 'destroy': return this.agent.destroy();
      case 'serverClose': case 'serverReset': {
        const c = this.connOf(step.socket);
        if (!c) return this.skip(step, 'no such open socket');
        if (step.op === 'serverClose') c.end(); else c.resetAndDestroy();
        return;
      }
      case 'serverSend': {
        const c = this.connOf(step.socket);
        if (!c) return this.skip(step, 'no such open socket');
        c.write(step.data);
        return;
      }
      case 'connect': case 'failConnect': {
        const org = this.origins.get(step.origin);
        let n = step.count ?? 1;
        while (n > 0 && org.held.length) {
          const h = org.held.shift();
          if (h.dead()) continue;
          n--;
          if (step.op === 'connect') h.go(); else h.fail(step.code || 'ENOTFOUND');
        }
        if (n > 0) this.skip(step, 'nothing held');
        return;
      }
      case 'unlisten': return this.unlisten(this.origins.get(step.origin));
      case 'listen': return this.relisten(this.origins.get(step.origin));
      case 'wait': return sleep(step.ms);
      case 'settle': return;
      case 'batch': for (const s of step.steps) this.act(s); return;
      default: throw new Error(`unknown op ${step.op}`);
    }
  }

  request(step) {
    const org = this.origins.get(step.origin);
    const rec = { id: step.id, socket: null, req: null, settled: false };
    if (this.reqs.has(step.id)) throw new Error(`duplicate id ${step.id}`);
    this.reqs.set(step.id, rec);
    const finish = (o) => {
      this.pulse++;
      if (rec.settled) return;
      rec.settled = true;
      this.events.done.push({ id: rec.id, ...o, socket: rec.socket, reused: rec.req.reusedSocket, nth: rec.nth ?? null });
    };
    const lookup = (host, o, cb) => {
      const ok = () => (o.all ? cb(null, [{ address: '127.0.0.1', family: 4 }]) : cb(null, '127.0.0.1', 4));
      if (!org.gate) return process.nextTick(ok);
      const s = () => this.sockets.find((x) => x.held === h);
      const h = {
        dead: () => { const x = s(); return !x || x.destroyed; },
        go: ok,
        fail: (code) => cb(Object.assign(new Error(code), { code })),
      };
      org.held.push(h);
      // lookup() is called inside createConnection, before the socket has its number
      process.nextTick(() => { const x = this.sockets.filter((y) => y.origin === org && !y.held)[0]; if (x) x.held = h; });
    };
    const req = rec.req = http.request({
      agent: this.agent, host: org.host, port: org.port, path: `/${encodeURIComponent(step.id)}`,
      method: 'GET', headers: { host: org.host, ...(step.headers || {}) }, lookup, timeout: step.timeout,
    });
    req.on('socket', (s) => { this.pulse++; rec.socket = s.n; rec.nth = ++s.carried; });
    req.on('timeout', () => { this.pulse++; this.events.timeouts.push(rec.id); });
    const fail = (err, phase) => {
      const first = !rec.settled;
      finish({ error: err.code || err.message, phase });
      if (first && step.again) this.request({ ...step, id: step.again, again: undefined });
    };
    req.on('error', (err) => fail(err, 'request'));
    req.on('close', () => { if (!rec.res) finish({ error: null, phase: 'closed' }); else setImmediate(() => finish({ error: null, phase: 'closed' })); });
    req.on('response', (res) => {
      this.pulse++;
      rec.res = res;
      res.on('data', () => { this.pulse++; });
      res.on('error', (err) => fail(err, 'response'));
      res.on('end', () => { if (res.complete) finish({ status: res.statusCode }); });
    });
    req.end();
  }

  respond(step) {
    const r = this.reqs.get(step.id);
    if (!r?.conn || r.conn.destroyed || r.conn.gone || r.answered) return this.skip(step, 'no request to answer');
    r.answered = true;
    if (step.raw !== undefined) { r.conn.write(step.raw); if (step.end) r.conn.end(); return; }
    const framing = step.framing ?? 'length';
    const body = framing === 'none' ? '' : step.body ?? 'ok-body!';
    const h = { ...(step.headers || {}) };
    if (framing === 'length') h['Content-Length'] = String(body.length);
    if (framing === 'chunked') h['Transfer-Encoding'] = 'chunked';
    const head = `HTTP/${step.version ?? '1.1'} ${step.status ?? 200} X\r\n` +
      Object.entries(h).map(([k, v]) => `${k}: ${v}\r\n`).join('') + '\r\n';
    const half = body.length >> 1;
    const piece = (t) => (framing === 'chunked' ? `${t.length.toString(16)}\r\n${t}\r\n` : t);
    const tail = framing === 'chunked' ? '0\r\n\r\n' : '';
    if (step.part) {            // headers and the first half; 'finish' sends the rest
      r.conn.write(head + piece(body.slice(0, half)));
      r.rest = piece(body.slice(half)) + tail;
      r.endAfter = !!step.end;
    } else {
      r.conn.write(head + piece(body) + tail);
      if (step.end) r.conn.end();
    }
  }

  balanced() {
    for (const s of this.sockets) {
      if (s.gone) continue;
      if (s.destroyed) return 'closing';
      if (s.connecting) { if (s.origin.gate && s.origin.held.includes(s.held)) continue; return 'connecting'; }
      const c = s.origin.byPort.get(s.port);
      if (!c || c.gone || c.destroyed || c.writableEnded) return 'half open';
      if (s.bytesWritten !== c.bytesRead || c.bytesWritten !== s.bytesRead) return 'bytes in flight';
    }
    const live = new Set(this.sockets.filter((s) => !s.gone).map((s) => s.port));
    for (const o of this.origins.values()) for (const c of o.conns) if (!live.has(c.remotePort)) return 'server side open';
    return true;
  }

  async settle(limit = 4000) {
    const t0 = performance.now();
    let last = -1, quiet = 0, why;
    while (quiet < 4) {
      await sleep(1); await turn(); await turn();
      why = this.balanced();
      if (why === true && last === this.pulse) quiet++; else quiet = 0;
      last = this.pulse;
      if (performance.now() - t0 > limit) return why === true ? 'noisy' : why;
    }
    return null;
  }

  view() {
    const st = {};
    for (const o of this.origins.values()) {
      st[o.name] = {
        sockets: (this.agent.sockets[o.key] || []).map((s) => s.n),
        freeSockets: (this.agent.freeSockets[o.key] || []).map((s) => s.n),
        requests: (this.agent.requests[o.key] || []).map((q) => [...this.reqs.values()].find((r) => r.req === q)?.id ?? '?'),
      };
    }
    return st;
  }

  async exec(step) {
    this.events = this.blank();
    await this.act(step);
    const unsettled = await this.settle();
    const ids = this.view();
    const ev = this.events;
    ev.opened.sort((a, b) => a - b); ev.connected.sort((a, b) => a - b); ev.closed.sort((a, b) => a - b);
    ev.arrived.forEach((a) => { a.socket ??= this.numberOf(this.reqs.get(a.id).conn); });
    ev.arrived.sort((a, b) => a.socket - b.socket || natural(a.id, b.id));
    ev.done.sort((a, b) => natural(a.id, b.id)); ev.timeouts.sort(natural);
    const row = { i: this.trace.length, op: step.op, counts: {}, totalSocketCount: this.agent.totalSocketCount, ids };
    for (const [k, v] of Object.entries(ids)) {
      row.counts[k] = { sockets: v.sockets.length, freeSockets: v.freeSockets.length, requests: v.requests.length };
    }
    row.connecting = this.sockets.filter((s) => s.connecting && !s.destroyed).map((s) => s.n);
    for (const [k, v] of Object.entries(ev)) if (v.length) row[k] = [...v];
    if (unsettled) row.unsettled = unsettled;
    this.trace.push(row);
    return row;
  }

  pending() { return [...this.reqs.values()].filter((r) => !r.settled).map((r) => r.id).sort(natural); }

  async stop() {
    const pend = this.pending();
    process.off('uncaughtException', this.onUncaught);
    const swallow = () => {};
    process.on('uncaughtException', swallow);
    this.agent.requests = Object.create(null);
    for (const s of this.sockets) s.destroy();
    for (const o of this.origins.values()) { o.server.close(() => {}); for (const c of o.conns) c.destroy(); }
    await sleep(2); await turn();
    process.off('uncaughtException', swallow);
    return pend;
  }
}

export async function runScenario(scn) {
  const s = new Session(scn);
  await s.start();
  for (const step of scn.steps) if ((await s.exec(step)).unsettled) break; // the rest is worth nothing
  const pending = await s.stop();
  return { name: scn.name, node: process.version, steps: s.trace, pending };
}

// One step per line, so that two traces diff well.
export function format(t) {
  return `{"name": ${JSON.stringify(t.name)}, "node": ${JSON.stringify(t.node)}, "pending": ${JSON.stringify(t.pending)}, "steps": [\n` +
    t.steps.map((r) => JSON.stringify(r)).join(',\n') + '\n]}\n';
}

if (import.meta.url === pathToFileURL(process.argv[1] || '').href) {
  let text = '';
  for await (const d of process.stdin) text += d;
  process.stdout.write(format(await runScenario(JSON.parse(text))));
  process.exit(0);
}
