// What Node does with `new http.Agent(options)` for every request: five requests at once, then
// five one after the other, then a collection of garbage. Run with --expose-gc; prints one line of
// JSON: connections made, still open at the end, and requests that reused one. The server keeps
// connections open for ever.
import http from "node:http";

const options = JSON.parse(process.argv[2]);
const open = new Set();
let made = 0;
const server = http.createServer((_, response) => response.end("ok"));
server.keepAliveTimeout = 0;
server.on("connection", (socket) => {
  made += 1;
  open.add(socket);
  socket.on("close", () => open.delete(socket));
});
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  const get = () =>
    new Promise((resolve, reject) => {
      const agent = new http.Agent(options);
      http
        .get({ host: "127.0.0.1", port, agent }, (response) => {
          response.resume();
          response.on("end", () => resolve(response.req.reusedSocket));
        })
        .on("error", reject);
    });
  const rest = () => new Promise((resolve) => setTimeout(resolve, 100));
  const reused = await Promise.all(Array.from({ length: 5 }, get));
  for (let n = 0; n < 5; n += 1) reused.push(await get());
  for (let n = 0; n < 2; n += 1) {
    await rest();
    global.gc();
  }
  await rest();
  console.log(JSON.stringify({ made, open: open.size, reused: reused.filter(Boolean).length }));
  for (const socket of open) socket.destroy();
  server.close();
});
