// Node's own HTTP/2 client: has `count` requests answered, `width` at once, on as few sessions as it takes.
// Usage: node h2_client.mjs URL COUNT WIDTH [CA_FILE] [BODY_BYTES]. Prints one line of JSON.
import { readFileSync } from "node:fs";
import http2 from "node:http2";

const [url, count, width, ca, upload] = process.argv.slice(2);
const options = ca ? { ca: readFileSync(ca) } : {};
const { origin, pathname } = new URL(url);
const seen = { answered: 0, again: 0, sessions: 0, goaways: [], statuses: {}, bytes: 0 };
let session = null;

function connect() {
  session = http2.connect(origin, options);
  seen.sessions += 1;
  session.on("goaway", (code, last) => seen.goaways.push([code, last]));
  session.on("error", () => {});
  return new Promise((resolve, reject) => {
    session.once("remoteSettings", resolve);
    session.once("error", reject);
  });
}

function ask() {
  return new Promise((resolve) => {
    let stream;
    try {
      stream = session.request({
        ":path": pathname,
        ":method": upload ? "POST" : "GET",
      });
    } catch {
      resolve(false); // the session is closing
      return;
    }
    let status = 0;
    let bytes = 0;
    let isWhole = false;
    stream.on("response", (fields) => (status = fields[":status"]));
    stream.on("data", (piece) => (bytes += piece.length));
    stream.on("end", () => (isWhole = status !== 0));
    stream.on("error", () => {});
    stream.on("close", () => {
      if (isWhole && stream.rstCode === 0) {
        seen.statuses[status] = (seen.statuses[status] ?? 0) + 1;
        seen.bytes += bytes;
      }
      resolve(isWhole && stream.rstCode === 0);
    });
    stream.end(upload ? Buffer.alloc(Number(upload)) : undefined);
  });
}

let todo = Number(count);
while (todo > 0) {
  if (session === null || session.closed || session.destroyed) await connect();
  const wave = Math.min(todo, Number(width));
  const ends = await Promise.all(Array.from({ length: wave }, ask));
  const answered = ends.filter(Boolean).length;
  seen.answered += answered;
  seen.again += wave - answered;
  todo -= answered;
}
session.close();
console.log(JSON.stringify(seen));
