// Node's side of the HTTP/2 comparison.
//
//   node h2_node.mjs server PORT               Node's http2 server; prints a line when it listens
//   node h2_node.mjs node URL STREAMS SECONDS  Node's http2 client, one session
//   node h2_node.mjs undici URL STREAMS SECONDS  undici's Client on h2c, from POOLTOP_UNDICI
//
// A client prints requests, seconds, cpu_s; what was done before the first request is in neither.
import http2 from 'node:http2';
import { createRequire } from 'node:module';

const [kind, where, streams, seconds] = [process.argv[2], process.argv[3], +process.argv[4], +process.argv[5]];
let requests = 0;
let users = streams;
let begin = 0;
let cpu;

function start() {
  begin = performance.now();
  cpu = process.cpuUsage();
}

function ended() {
  requests++;
  if (performance.now() - begin <= seconds * 1000) return false;
  if (--users === 0) {
    const used = process.cpuUsage(cpu);
    console.log(JSON.stringify({
      requests, seconds: (performance.now() - begin) / 1000, cpu_s: (used.user + used.system) / 1e6,
    }));
    process.exit(0);
  }
  return true;
}

if (kind === 'server') {
  const server = http2.createServer({ settings: { maxConcurrentStreams: 1000 } });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/plain', 'content-length': 12 });
    stream.end('hello, pool\n');
  });
  server.listen(+where, '127.0.0.1', () => console.log('listening'));
} else if (kind === 'node') {
  const session = http2.connect(where);
  session.on('error', (err) => { throw err; });
  const next = () => {
    const req = session.request({ ':path': '/' });
    req.on('error', (err) => { throw err; });
    req.on('response', (head) => { if (head[':status'] !== 200) throw new Error(head[':status']); });
    req.on('data', () => {});
    req.on('end', () => { if (!ended()) next(); });
    req.end();
  };
  session.once('remoteSettings', () => {
    start();
    for (let i = 0; i < streams; i++) next();
  });
} else {
  const { Client } = createRequire(`${process.env.POOLTOP_UNDICI}/`)('undici');
  const client = new Client(where, { useH2c: true, maxConcurrentStreams: streams });
  const next = async () => {
    do {
      const { statusCode, body } = await client.request({ path: '/', method: 'GET' });
      if (statusCode !== 200) throw new Error(statusCode);
      await body.dump();
    } while (!ended());
  };
  await (await client.request({ path: '/', method: 'GET' })).body.dump();
  start();
  for (let i = 0; i < streams; i++) next();
}
