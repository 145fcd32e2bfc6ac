// Node's own http.Agent in a closed loop: node node_client.mjs URL CONNECTIONS SECONDS
import http from 'node:http';

const [url, connections, seconds] = [process.argv[2], +process.argv[3], +process.argv[4]];
const agent = new http.Agent({ keepAlive: true, maxSockets: connections, timeout: 30000 });
const begin = performance.now();
const cpu = process.cpuUsage();
let requests = 0;
let users = connections;
function next() {
  if (performance.now() - begin > seconds * 1000) {
    if (--users === 0) {
      const used = process.cpuUsage(cpu);
      console.log(JSON.stringify({
        requests, seconds: (performance.now() - begin) / 1000, cpu_s: (used.user + used.system) / 1e6,
      }));
      agent.destroy();
    }
    return;
  }
  const req = http.get(url, { agent }, (res) => {
    res.on('end', () => { requests++; setImmediate(next); });
    res.resume();
  });
  req.on('error', (err) => { throw err; });
}
for (let i = 0; i < connections; i++) next();
