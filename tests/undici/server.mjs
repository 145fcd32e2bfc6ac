// The servers of a scenario: raw HTTP/1.1 or a real HTTP/2 session of Node's, plain or over TLS.
// They answer only when told to, and tell their owner what arrives.  README.md has the steps.
import fs from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { Duplex } from 'node:stream';

const PEM = fs.readFileSync(new URL('server.pem', import.meta.url));
export const CERTIFICATE = PEM;

const PREFACE_OCTETS = 24;
const RST_STREAM = 3, PING = 6, GOAWAY = 7, ACK = 1;
const EVERY_STREAM = 2 ** 31 - 1;

// One listener on a free port of 127.0.0.1.  `owner` hears pulse() for everything that happens, and
// arrived({id, stream, connection}, conn), frame({type, stream, code}, conn).
export class Origin {
  constructor(name, spec, owner) {
    this.name = name;
    this.spec = spec;
    this.owner = owner;
    this.host = `${name}.test`;
    this.gate = !!spec.gate;
    this.held = [];
    this.conns = new Set();
    this.byPort = new Map();
    this.asked = new Map();     // id -> the newest request of that name
    this.port = 0;
  }

  get url() { return `${this.spec.tls ? 'https' : 'http'}://${this.host}:${this.port}`; }

  async start() {
    await this.listen();
    if (this.spec.refusing) await this.unlisten();
  }

  listen() {
    this.server = net.createServer({ noDelay: true }, (raw) => this.accept(raw));
    return new Promise((ok) => this.server.listen(this.port, '127.0.0.1', () => {
      this.port = this.server.address().port;
      ok();
    }));
  }

  unlisten() { return new Promise((ok) => { this.server.close(() => {}); setImmediate(ok); }); }

  stop() {
    this.server.close(() => {});
    for (const c of this.conns) c.raw.destroy();
  }

  accept(raw) {
    const conn = { origin: this, raw, port: raw.remotePort, gone: false };
    this.owner.pulse();
    this.conns.add(conn);
    this.byPort.set(conn.port, conn);
    raw.on('error', () => { this.owner.pulse(); });
    raw.on('close', () => { this.owner.pulse(); conn.gone = true; this.conns.delete(conn); });
    if (!this.spec.tls) return this.talk(conn, raw, this.spec.h2c ? 'h2' : 'http/1.1');
    const secured = new tls.TLSSocket(raw, {
      isServer: true, key: PEM, cert: PEM, ALPNProtocols: this.spec.h2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    });
    secured.on('error', () => { this.owner.pulse(); });
    secured.on('secure', () => this.talk(conn, secured, secured.alpnProtocol || 'http/1.1'));
  }

  talk(conn, stream, protocol) {
    this.owner.pulse();
    conn.protocol = protocol;
    conn.stream = stream;
    if (protocol !== 'h2') {
      const requests = new Requests((fact) => this.arrived(conn, fact));
      stream.on('data', (d) => { this.owner.pulse(); requests.feed(d.toString('latin1')); });
      return;
    }
    conn.gate = new Gate(stream, (frame) => this.owner.frame(frame, conn));
    if (this.spec.mute) conn.gate.mute();
    const { maxStreams } = this.spec;
    conn.session = http2.performServerHandshake(conn.gate, {
      settings: maxStreams == null ? {} : { maxConcurrentStreams: maxStreams },
    });
    for (const e of ['error', 'close', 'localSettings']) conn.session.on(e, () => { this.owner.pulse(); });
    conn.session.on('stream', (s, headers) => {
      for (const e of ['error', 'close', 'aborted', 'data', 'end']) s.on(e, () => { this.owner.pulse(); });
      this.arrived(conn, { id: headers[':path'].slice(1), method: headers[':method'], stream: s.id, connection: null }, s);
    });
  }

  arrived(conn, { id, method, ...fact }, stream = null) {
    this.owner.pulse();
    this.asked.set(id, { conn, stream, method, answered: false, rest: null });
    this.owner.arrived({ id, ...fact }, conn);
  }
}

// What one connection is told to do.  Each gives the reason why it could not be done, or nothing.
export const on = {
  serverClose: (conn) => { conn.stream.end(); },
  serverReset: (conn) => { conn.raw.resetAndDestroy(); },
  serverSend: (conn, { data }) => { conn.stream.write(data); },
  settings: (conn, { maxConcurrentStreams }) => { conn.session.settings({ maxConcurrentStreams }); },
  mute: (conn) => { conn.gate.mute(); },
  unmute: (conn) => { conn.gate.unmute(); },
  // As octets, not by the session's own method: that cannot say a last stream of 0, and would end
  // the streams above it itself.
  goaway: (conn, { code = 0, last = 'all' }) => {
    const id = { all: EVERY_STREAM, none: 0 }[last] ?? conn.origin.asked.get(last)?.stream?.id;
    if (id === undefined) return 'no such stream';
    conn.gate.goaway(code, id);
  },
};

// What one request is told.
export const answer = {
  respond(asked, step) {
    if (asked.answered) return 'answered already';
    asked.answered = true;
    const framing = step.framing ?? 'length';
    const bare = framing === 'none' || asked.method === 'HEAD';
    const body = framing === 'none' ? '' : step.body ?? 'ok-body!';
    const headers = { ...(step.headers || {}) };
    if (framing === 'length') headers['content-length'] = String(body.length);
    const half = bare ? 0 : body.length >> 1;
    if (asked.stream) {
      asked.stream.respond({ ':status': step.status ?? 200, ...headers }, { endStream: bare });
      if (bare) return;
      if (!step.part) { asked.stream.end(body); return; }
      asked.stream.write(body.slice(0, half));
      asked.rest = (s) => { s.end(body.slice(half)); };
      return;
    }
    const { stream } = asked.conn;
    if (step.raw !== undefined) { stream.write(step.raw); if (step.end) stream.end(); return; }
    if (framing === 'chunked') headers['transfer-encoding'] = 'chunked';
    const piece = (t) => (framing === 'chunked' ? `${t.length.toString(16)}\r\n${t}\r\n` : t);
    const tail = framing === 'chunked' ? '0\r\n\r\n' : '';
    const head = `HTTP/${step.version ?? '1.1'} ${step.status ?? 200} X\r\n` +
      Object.entries(headers).map(([k, v]) => `${k}: ${v}\r\n`).join('') + '\r\n';
    const end = () => { if (step.end) stream.end(); };
    if (bare) { stream.write(head); end(); return; }
    if (!step.part) { stream.write(head + piece(body) + tail); end(); return; }
    stream.write(head + piece(body.slice(0, half)));
    asked.rest = (s) => { s.write(piece(body.slice(half)) + tail); end(); };
  },
  finish(asked) {
    if (!asked.rest) return 'nothing left to send';
    asked.rest(asked.stream ?? asked.conn.stream);
    asked.rest = null;
  },
  interim(asked, { status = 103, headers = {} }) {
    if (asked.stream) { asked.stream.additionalHeaders({ ':status': status, ...headers }); return; }
    const lines = Object.entries(headers).map(([k, v]) => `${k}: ${v}\r\n`).join('');
    asked.conn.stream.write(`HTTP/1.1 ${status} X\r\n${lines}\r\n`);
  },
  rst(asked, { code }) { asked.stream.close(code); },
};

// Cuts the requests out of what one HTTP/1.1 connection says.
class Requests {
  constructor(tell) {
    this.tell = tell;
    this.buffer = '';
    this.body = 0;              // octets to come, or 'chunks'
    this.switched = false;
  }

  feed(text) {
    this.buffer += text;
    while (this.step());
  }

  step() {
    if (this.switched) return false;
    if (this.body === 'chunks') {
      const end = /(?:^|\r\n)0\r\n\r\n/.exec(this.buffer);
      if (!end) return false;
      this.buffer = this.buffer.slice(end.index + end[0].length);
      this.body = 0;
      return true;
    }
    if (this.body > 0) {
      const taken = Math.min(this.body, this.buffer.length);
      this.buffer = this.buffer.slice(taken);
      this.body -= taken;
      return this.body === 0;
    }
    const i = this.buffer.indexOf('\r\n\r\n');
    if (i < 0) return false;
    const head = this.buffer.slice(0, i);
    const field = (name) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1].toLowerCase() ?? null;
    this.buffer = this.buffer.slice(i + 4);
    this.body = field('transfer-encoding') ? 'chunks' : Number(field('content-length') ?? 0);
    this.switched = field('upgrade') !== null;
    const [, method, id] = /^(\S+) \/(\S*)/.exec(head) ?? [];
    if (id === undefined) { this.switched = true; return false; }  // the preface of HTTP/2
    this.tell({ id, method, connection: field('connection') });
    return true;
  }
}

// Cuts the frames out of one direction of an HTTP/2 connection.
class Frames {
  constructor(preface = 0) {
    this.rest = Buffer.alloc(0);
    this.skip = preface;
  }

  cut(data) {
    this.rest = Buffer.concat([this.rest, data]);
    const frames = [];
    for (;;) {
      const start = this.skip;
      if (this.rest.length < start + 9) return frames;
      const end = start + 9 + this.rest.readUIntBE(start, 3);
      if (this.rest.length < end) return frames;
      frames.push({
        type: this.rest[start + 3], flags: this.rest[start + 4], stream: this.rest.readUInt32BE(start + 5),
        payload: this.rest.subarray(start + 9, end), octets: this.rest.subarray(start, end),
      });
      this.rest = this.rest.subarray(end);
      this.skip = 0;
    }
  }
}

// Between an HTTP/2 session and its socket: holds what the session says, lets a GOAWAY be said that it
// would not say, and hears those of the peer's frames that no event of Node's tells.
class Gate extends Duplex {
  constructor(inner, hear) {
    super();
    this.inner = inner;
    this.hear = hear;
    this.held = null;
    this.last = EVERY_STREAM;   // of the newest GOAWAY that was said for the session
    this.theirs = new Frames(PREFACE_OCTETS);
    this.ours = new Frames();
    inner.on('data', (d) => { this.listen(d); this.push(d); });
    inner.on('end', () => { this.push(null); });
    inner.on('close', () => { this.destroy(); });
  }

  mute() { this.held ??= []; }

  unmute() {
    const held = this.held ?? [];
    this.held = null;
    for (const chunk of held) this.say(chunk);
  }

  say(chunk) {
    if (this.held) this.held.push(chunk); else if (!this.inner.writableEnded) this.inner.write(chunk);
  }

  goaway(code, last) {
    this.last = last;
    const frame = Buffer.alloc(17);
    frame.writeUIntBE(8, 0, 3);
    frame[3] = GOAWAY;
    frame.writeUInt32BE(last, 9);
    frame.writeUInt32BE(code, 13);
    this.say(frame);
  }

  listen(data) {
    for (const { type, flags, stream, payload } of this.theirs.cut(data)) {
      if (type === RST_STREAM) this.hear({ type: 'RST_STREAM', stream, code: payload.readUInt32BE(0) });
      if (type === PING && !(flags & ACK)) this.hear({ type: 'PING' });
      if (type === GOAWAY) this.hear({ type: 'GOAWAY', code: payload.readUInt32BE(4) });
    }
  }

  _read() {}

  _write(chunk, _encoding, done) {
    for (const { type, payload, octets } of this.ours.cut(chunk)) {
      // The session does not know what was said for it: a last stream may only become less.
      if (type === GOAWAY) payload.writeUInt32BE(Math.min(payload.readUInt32BE(0), this.last), 0);
      this.say(Buffer.from(octets));
    }
    done();
  }

  _final(done) { if (!this.held) this.inner.end(); done(); }

  _destroy(_error, done) { this.inner.destroy(); done(null); }
}
