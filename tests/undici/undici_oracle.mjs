// Differential oracle: drives the REAL undici of the folder that POOLTOP_UNDICI names through a JSON
// scenario and prints a JSON trace.  Usage: POOLTOP_UNDICI=DIR node undici_oracle.mjs < scenario.json
// README.md beside it has the scenario and trace formats.
import diagnostics from 'node:diagnostics_channel';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { CERTIFICATE, Origin, answer, on } from './server.mjs';

const UNDICI = '8.12.';
const QUIET_TURNS = 5;
const SETTLE_LIMIT_MS = 4000;
const EVENTS = ['connect', 'disconnect', 'connectionError', 'drain'];

const require = createRequire(path.resolve(process.env.POOLTOP_UNDICI || '.', 'package.json'));
const undici = require('undici');
const { version } = require('undici/package.json');
if (!version.startsWith(UNDICI)) throw new Error(`undici ${UNDICI}x is asked for, not ${version}`);
const { kClients } = require('undici/lib/dispatcher/pool-base.js');
const { kClients: kDispatchers } = require('undici/lib/core/symbols.js');

const natural = (a, b) => String(a).localeCompare(String(b), 'en', { numeric: true });
const noop = () => {};
const said = (err) => String(err.message).replace(/(\d+\.\d+\.\d+\.\d+|\w+\.test):\d+/g, 'ADDRESS');

class Session {
  constructor(scn) {
    this.scn = scn;
    this.beats = 0;             // bumped by every observed event
    this.sockets = [];          // client sockets in opening order; number = index + 1
    this.origins = new Map();
    this.reqs = new Map();      // id -> {id, controller, aborted, settled, socket, nth, body}
    this.atDrain = [];
    this.row = this.blank();
    this.trace = [];
    this.onUncaught = (err) => { this.pulse(); this.row.uncaught.push(err.code || err.message); };
  }

  blank() {
    return {
      returned: {}, opened: [], connected: [], closed: [], arrived: [], frames: [], events: [], done: [],
      ended: [], uncaught: [], skipped: [],
    };
  }

  pulse() { this.beats++; }

  // Beginning

  async start() {
    process.on('uncaughtException', this.onUncaught);
    for (const [name, spec] of Object.entries(this.scn.origins)) {
      const origin = new Origin(name, spec, this);
      this.origins.set(name, origin);
      await origin.start();
    }
    this.watchSockets();
    this.dispatcher = this.make();
    for (const event of EVENTS) {
      this.dispatcher.on(event, (url, _targets, err) => {
        this.pulse();
        this.row.events.push([event, this.nameOf(url), ...(err ? [err.code ?? null, said(err)] : [])]);
        if (event === 'drain') for (const step of this.atDrain.splice(0)) this.act(step);
      });
    }
  }

  make() {
    const { kind, options = {} } = this.scn.dispatcher;
    const connect = { lookup: this.lookup.bind(this), ca: CERTIFICATE, ...options.connect };
    const all = { ...options, connect };
    if (kind === 'Agent') return new undici.Agent(all);
    const urls = [...this.origins.values()].filter((o) => o.spec.upstream !== false).map((o) => o.url);
    return new undici[kind](kind === 'BalancedPool' ? urls : urls[0], all);
  }

  // Numbers each socket as undici asks Node for it, and hears what becomes of it.
  watchSockets() {
    for (const module of [net, tls]) {
      const { connect } = module;
      module.connect = (options, ...rest) => {
        this.look = null;
        const s = connect.call(module, options, ...rest);
        s.n = this.sockets.push(s);
        s.origin = [...this.origins.values()].find((o) => o.port === Number(options.port));
        s.carried = 0;
        s.held = this.look;
        s.ready = false;
        if (s.held) s.held.socket = s;
        this.pulse();
        this.row.opened.push(s.n);
        s.on('connect', () => { this.pulse(); s.port = s.localPort; });
        s.on(module === tls ? 'secureConnect' : 'connect', () => { this.pulse(); s.ready = true; });
        s.on('close', () => { this.pulse(); s.gone = true; this.row.closed.push(s.n); });
        return s;
      };
    }
    diagnostics.subscribe('undici:client:connected', ({ connectParams, socket }) => {
      this.pulse();
      this.row.connected.push({ socket: socket.n, protocol: connectParams.version });
    });
    diagnostics.subscribe('undici:client:sendHeaders', ({ request, socket }) => {
      const rec = this.reqs.get(request.path.slice(1));
      rec.socket = socket.n;
      rec.nth = ++socket.carried;
    });
  }

  // Called while net.connect runs, before the socket has its number.
  lookup(host, options, cb) {
    const origin = [...this.origins.values()].find((o) => o.host === host);
    const go = () => (options.all ? cb(null, [{ address: '127.0.0.1', family: 4 }]) : cb(null, '127.0.0.1', 4));
    if (!origin?.gate) return process.nextTick(go);
    this.look = { go, fail: (code) => cb(Object.assign(new Error(code), { code })), socket: null };
    origin.held.push(this.look);
  }

  // What the servers tell

  arrived(fact, conn) { this.row.arrived.push({ ...fact, conn }); }

  frame(frame, conn) { this.pulse(); this.row.frames.push({ ...frame, conn }); }

  // Steps

  act(step) {
    const why = this.doOne(step);
    if (typeof why === 'string') this.row.skipped.push(`${step.op}: ${why}`);
    return why;
  }

  doOne(step) {
    const { op } = step;
    if (op in answer) {
      const asked = [...this.origins.values()].map((o) => o.asked.get(step.id)).find(Boolean);
      if (!asked || asked.conn.gone || asked.conn.raw.destroyed) return 'no request to answer';
      if (asked.stream?.destroyed) return 'its stream is over';
      return answer[op](asked, step);
    }
    if (op in on) {
      const conn = this.connOf(step.socket);
      return conn ? on[op](conn, step) : 'no such open socket';
    }
    switch (op) {
      case 'dispatch': return this.dispatch(step);
      case 'more': case 'end': case 'breakBody': {
        const { body } = this.reqs.get(step.id);
        if (body.destroyed || body.readableEnded) return 'its body is over';
        if (op === 'breakBody') body.destroy(Object.assign(new Error('broken'), { code: 'EBROKEN' }));
        else body.push(op === 'more' ? 'more!' : null);
        return;
      }
      case 'abort': {
        const rec = this.reqs.get(step.id);
        if (rec.settled) return 'request is over';
        // As undici's own request() does with a signal: what has not begun is aborted when it begins.
        rec.aborted = true;
        rec.controller?.abort(new undici.errors.RequestAbortedError());
        return;
      }
      case 'pipelining': this.dispatcher.pipelining = step.value; return;
      case 'close': case 'destroy': {
        const error = step.error && Object.assign(new Error(step.error), { code: step.error });
        (op === 'close' ? this.dispatcher.close() : this.dispatcher.destroy(error ?? null)).then(
          () => { this.pulse(); this.row.ended.push(op); },
          (err) => { this.pulse(); this.row.ended.push(`${op}: ${err.code}`); },
        );
        return;
      }
      case 'addUpstream': this.dispatcher.addUpstream(this.origins.get(step.origin).url); return;
      case 'removeUpstream': this.dispatcher.removeUpstream(this.origins.get(step.origin).url); return;
      case 'atDrain': this.atDrain.push(...step.steps); return;
      case 'connect': case 'failConnect': {
        const { held } = this.origins.get(step.origin);
        let n = step.count ?? 1;
        while (n > 0 && held.length) {
          const look = held.shift();
          if (look.socket.destroyed) continue;
          n--;
          if (op === 'connect') look.go(); else look.fail(step.code ?? 'ENOTFOUND');
        }
        return n > 0 ? 'nothing held' : undefined;
      }
      case 'unlisten': return this.origins.get(step.origin).unlisten();
      case 'listen': return this.origins.get(step.origin).listen();
      case 'wait': return sleep(step.ms);
      case 'settle': return;
      case 'batch': for (const s of step.steps) this.act(s); return;
      default: throw new Error(`unknown op ${op}`);
    }
  }

  dispatch(step) {
    const { op, id, origin, body, then, ...options } = step;
    if (this.reqs.has(id)) throw new Error(`duplicate id ${id}`);
    const rec = { id, controller: null, aborted: false, settled: false, socket: null, nth: null, body: null };
    this.reqs.set(id, rec);
    if (body === 'stream') rec.body = new Readable({ read: noop }).on('error', noop);
    else if (body) rec.body = Buffer.alloc(body, 'x');
    const done = (outcome) => {
      this.pulse();
      if (rec.settled) throw new Error(`${id} is told its end twice`);
      rec.settled = true;
      this.row.done.push({ id, ...outcome, socket: rec.socket, nth: rec.nth });
      if (then) queueMicrotask(() => this.act(then));
    };
    const target = origin && this.origins.get(origin).url;
    this.row.returned[id] = this.dispatcher.dispatch(
      { method: 'GET', ...options, path: `/${id}`, body: rec.body, ...(target ? { origin: target } : {}) },
      {
        onRequestStart: (controller) => {
          this.pulse();
          rec.controller = controller;
          if (rec.aborted) controller.abort(new undici.errors.RequestAbortedError());
        },
        onRequestUpgrade: (_controller, status, _headers, socket) => {
          socket.on('error', noop);
          socket.resume();
          done({ status });
        },
        onResponseStart: (_controller, status) => { this.pulse(); rec.status = status; },
        onResponseData: () => { this.pulse(); },
        onResponseEnd: () => { done({ status: rec.status }); },
        onResponseError: (_controller, err) => { done({ error: err.code ?? err.name, message: said(err) }); },
      },
    );
  }

  // Rest

  numberOf(conn) { return this.sockets.find((s) => s.origin.byPort.get(s.port) === conn)?.n ?? null; }

  connOf(n) {
    const s = this.sockets[n - 1];
    if (!s || s.gone || s.destroyed || !s.ready) return null;
    const c = s.origin.byPort.get(s.port);
    return c && !c.gone && !c.raw.destroyed && c.protocol ? c : null;
  }

  balanced() {
    for (const s of this.sockets) {
      if (s.gone) continue;
      if (s.destroyed) return 'closing';
      if (!s.ready) { if (s.held && s.origin.held.includes(s.held)) continue; return 'connecting'; }
      const c = s.origin.byPort.get(s.port);
      if (!c || c.gone || c.raw.destroyed || !c.protocol || c.stream.writableEnded) return 'half open';
    }
    const live = new Set(this.sockets.filter((s) => !s.gone).map((s) => s.port));
    for (const o of this.origins.values()) {
      for (const c of o.conns) if (!live.has(c.port)) return 'server side open';
    }
    return true;
  }

  // Changes with everything that was seen and with every octet.
  now() {
    let octets = 0;
    for (const s of this.sockets) octets += s.bytesRead + s.bytesWritten;
    for (const o of this.origins.values()) for (const c of o.conns) octets += c.raw.bytesRead + c.raw.bytesWritten;
    return `${this.beats} ${octets}`;
  }

  async settle() {
    const t0 = performance.now();
    let last = '', quiet = 0;
    while (quiet < QUIET_TURNS) {
      await sleep(1); await turn(); await turn();
      const why = this.balanced();
      const now = this.now();
      if (why === true && last === now) quiet++; else quiet = 0;
      last = now;
      if (performance.now() - t0 > SETTLE_LIMIT_MS) return why === true ? 'noisy' : why;
    }
    return null;
  }

  nameOf(url) { return [...this.origins.values()].find((o) => o.url === new URL(url).origin)?.name ?? null; }

  // undici's own counts, by origin; '*' is a BalancedPool's over its upstreams.
  counts() {
    const { kind } = this.scn.dispatcher;
    const clients = (d) => d[kClients]?.length ?? 1;
    const named = [];
    if (kind === 'Agent') {
      for (const [key, d] of this.dispatcher[kDispatchers]) {
        const [url, only] = key.split('#');
        named.push([this.nameOf(url) + (only ? `#${only}` : ''), d]);
      }
    } else if (kind === 'BalancedPool') {
      named.push(['*', this.dispatcher]);
      for (const url of this.dispatcher.upstreams) named.push([this.nameOf(url), this.dispatcher.getUpstream(url)]);
    } else {
      named.push([[...this.origins.keys()][0], this.dispatcher]);
    }
    return {
      stats: Object.fromEntries(named.map(([name, d]) => [name, { ...d.stats }])),
      clients: Object.fromEntries(named.filter(([name]) => name !== '*').map(([name, d]) => [name, clients(d)])),
    };
  }

  async exec(step) {
    this.row = this.blank();
    await this.act(step);
    const unsettled = await this.settle();
    const { row } = this;
    row.opened.sort((a, b) => a - b); row.closed.sort((a, b) => a - b);
    row.connected.sort((a, b) => a.socket - b.socket);
    row.arrived = row.arrived.map(({ conn, ...fact }) => ({ ...fact, socket: this.numberOf(conn) }))
      .sort((a, b) => a.socket - b.socket);
    row.frames = row.frames.map(({ conn, ...frame }) => ({ ...frame, socket: this.numberOf(conn) }))
      .sort((a, b) => a.socket - b.socket);
    row.done.sort((a, b) => natural(a.id, b.id));
    const sockets = {};
    for (const o of this.origins.values()) {
      sockets[o.name] = this.sockets.filter((s) => s.origin === o && !s.gone).map((s) => s.n);
    }
    const full = { i: this.trace.length, op: step.op, ...this.counts(), sockets };
    for (const [k, v] of Object.entries(row)) if (Object.keys(v).length) full[k] = v;
    if (unsettled) full.unsettled = unsettled;
    this.trace.push(full);
    return full;
  }

  stop() {
    return [...this.reqs.values()].filter((r) => !r.settled).map((r) => r.id).sort(natural);
  }
}

async function runScenario(scn) {
  const s = new Session(scn);
  await s.start();
  for (const step of scn.steps) if ((await s.exec(step)).unsettled) break; // the rest is worth nothing
  return { name: scn.name, node: process.version, undici: version, steps: s.trace, pending: s.stop() };
}

// One step per line, so that two traces diff well.
function format({ steps, ...rest }) {
  const head = Object.entries(rest).map(([k, v]) => `${JSON.stringify(k)}: ${JSON.stringify(v)}`).join(', ');
  return `{${head}, "steps": [\n${steps.map((r) => JSON.stringify(r)).join(',\n')}\n]}\n`;
}

let text = '';
for await (const d of process.stdin) text += d;
try {
  const trace = format(await runScenario(JSON.parse(text)));
  process.stdout.write(trace, () => process.exit(0));
} catch (err) {
  console.error(err);
  process.exit(1);
}
