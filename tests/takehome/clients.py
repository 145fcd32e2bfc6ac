"""How each snippet is run: with which tools, and what stands around it. No test is here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

NODE = os.environ.get("POOLTOP_NODE") or shutil.which("node")
MODULES = Path(os.environ.get("POOLTOP_UNDICI", "")) / "node_modules"
"""Where the packages of npm are: see .ci/run."""
GO = os.environ.get("POOLTOP_GO") or shutil.which("go")
JAVAC = shutil.which("javac")

_WAVES = """
const url = process.argv[2];
const waves = process.argv.slice(3).map(Number);
for (const wave of waves) await Promise.all(Array.from({ length: wave }, one));
console.log('done');
// Idle sockets keep nothing alive: this does, until whoever asks has seen what becomes of them.
process.stdin.on('data', () => {}).on('end', () => process.exit(0));
"""
_BY_AGENT = """
import http from 'node:http';
import { httpAgent } from './pool.mjs';
const one = () => new Promise((done, failed) => {
  http.get(url, { agent: httpAgent }, (answer) => answer.resume().on('end', done))
    .on('error', failed);
});
"""
NODE_DRIVERS = {
    "node-http": _BY_AGENT,
    "agentkeepalive": _BY_AGENT,
    "undici": """
import { request } from 'undici';
import { dispatcher } from './pool.mjs';
const one = async () => (await request(url, { dispatcher })).body.dump();
""",
    "axios": "import { client } from './pool.mjs';\nconst one = () => client.get(url);\n",
    "got": "import { client } from './pool.mjs';\nconst one = () => client.get(url);\n",
    "node-fetch": """
import { client } from './pool.mjs';
const one = async () => (await client(url)).text();
""",
}
PACKAGES = {name: name for name in NODE_DRIVERS if name != "node-http"}

GO_DRIVER = """package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"

	"snippet/pool"
)

func main() {
	client, err := pool.NewClient()
	if err != nil {
		panic(err)
	}
	for _, word := range os.Args[2:] {
		wave, _ := strconv.Atoi(word)
		var all sync.WaitGroup
		for i := 0; i < wave; i++ {
			all.Add(1)
			go func() {
				defer all.Done()
				response, err := client.Get(os.Args[1])
				if err != nil {
					panic(err)
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}()
		}
		all.Wait()
	}
	fmt.Println("done")
	io.Copy(io.Discard, os.Stdin)
}
"""

JAVA_DRIVER = """
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.CloseableHttpResponse;
import org.apache.hc.core5.http.io.entity.EntityUtils;

public final class Main {
    public static void main(String[] args) throws Exception {
        CloseableHttpClient client = Pool.create();
        ExecutorService threads = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        });
        for (int at = 1; at < args.length; at++) {
            List<Future<?>> wave = new ArrayList<>();
            for (int i = 0; i < Integer.parseInt(args[at]); i++) {
                wave.add(threads.submit(() -> {
                    try (CloseableHttpResponse response = client.execute(new HttpGet(args[0]))) {
                        EntityUtils.consume(response.getEntity());
                    }
                    return null;
                }));
            }
            for (Future<?> each : wave) {
                each.get();
            }
        }
        System.out.println("done");
        System.in.read();
        System.exit(0);
    }
}
"""


def node_command(target: str, snippet: str, folder: Path) -> list[str]:
    """Write what runs a snippet for Node; gives the command."""
    (folder / "pool.mjs").write_text(snippet)
    (folder / "main.mjs").write_text(NODE_DRIVERS[target] + _WAVES)
    if target in PACKAGES:
        (folder / "node_modules").symlink_to(MODULES, target_is_directory=True)
    return [str(NODE), str(folder / "main.mjs")]


def java_class_path() -> str | None:
    """Give the jars of HttpClient 5, of POOLTOP_HTTPCLIENT5 or of Maven's own folder; or None."""
    given = os.environ.get("POOLTOP_HTTPCLIENT5")
    if given:
        return given
    root = Path.home() / ".m2" / "repository" / "org"
    wanted = (
        "apache/httpcomponents/client5/httpclient5/*/httpclient5-*.jar",
        "apache/httpcomponents/core5/httpcore5/*/httpcore5-*.jar",
        "apache/httpcomponents/core5/httpcore5-h2/*/httpcore5-h2-*.jar",
        "slf4j/slf4j-api/1.*/slf4j-api-*.jar",
    )
    found = [sorted(root.glob(pattern)) for pattern in wanted]
    return ":".join(str(jars[-1]) for jars in found) if all(found) else None


def go_command(snippet: str, folder: Path) -> list[str]:
    """Build what runs a snippet for Go; gives the command."""
    (folder / "pool").mkdir()
    (folder / "pool" / "pool.go").write_text(snippet)
    (folder / "main.go").write_text(GO_DRIVER)
    (folder / "go.mod").write_text("module snippet\n\ngo 1.21\n")
    # Built first: `go run -C` came with Go 1.20 only.
    subprocess.run([str(GO), "build", "-o", "driver", "."], cwd=folder, check=True)
    return [str(folder / "driver")]
