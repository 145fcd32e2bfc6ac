"""What ``--help`` and a bare ``pooltop`` say."""

from __future__ import annotations

USAGE = """\
usage: pooltop demo [options]              watch the built-in demo: nothing to set up
       pooltop demo compare [A B]          two policies under the same traffic: keep-alive and close
       pooltop demo lessons                list the lessons: what to see and try, one thing each
       pooltop demo lesson N [options]     play one: predict, run, see, why; --headless prints it
       pooltop --profile FILE [options]    watch the pools and the traffic of a TOML profile
       pooltop init [FILE]                 write a profile to start from (pooltop.toml)
       pooltop check FILE                  say what is wrong with a profile, and send nothing
       pooltop explain [TERM] [--json]     say what an option, state, reason, error, metric, column
                                           or word of the field means; list them
       pooltop explain KEY --profile FILE  say what counts for a key, and who was overruled
       pooltop export FILE [--as CLIENT] [--agent NAME]  print an agent's limits as code: node-http,
                                           undici, axios, httpx, go ...; without --as the list
       pooltop tune FILE --host H [--agent A] [--most N] [--json]  find a host's limit under the
                                           profile's load: step, measure, stop before it hurts
       pooltop schema                      print the JSON schema of profiles, for editors
       pooltop replay FILE [options]       play what --record or --json wrote, in the same screens
       pooltop report FILE [-o FILE.html]  make a page of such a file, with plots and every number
       pooltop compare OLD NEW             say what changed between two such files
       pooltop attach [NAME] [options]     watch an engine that runs in the background
       pooltop list [--json]               say which engines run in the background
       pooltop stop NAME                   end one: its load at once, itself within 3 s
       pooltop keys [--keys FILE]          print the keys, as a file of keys to start from
       pooltop serve [NAME] [options]      show one in a browser, read-only, on this machine
"""

FIRST_STEPS = """\
pooltop shows connection pools that behave as Node's http.Agent, live, over real sockets.

First steps:
  1. pooltop demo                          six hosts on this machine, each with its own trouble
  2. pooltop init                          write a profile to start from: pooltop.toml
  3. pooltop --profile pooltop.toml        run it; ? shows the keys, q leaves

pooltop --help has all options.
"""

HELP = (
    "pooltop: top for HTTP connection pools that behave as Node's http.Agent.\n\n"
    + USAGE
    + """
options:
  --profile FILE    the TOML profile: agents, workloads, demo hosts
  --headless        print one line an interval per host, and a summary at the end;
                    by itself when the output is no terminal
  --format WORD     headless: line, for people; ndjson, a snapshot a line; json, the whole run as
                    one document at its end; csv, a row for each host and workload an interval.
                    Of all but line the summary goes to stderr
  --json            the same as --format ndjson, which pooltop replay plays
  --duration TIME   end the load after this, like 30s or 5m
  --interval TIME   between two pictures, 100ms to 1h (default 1s, with the dashboard 500ms)
  --auto-revert TIME  put a live edit back after this unless K keeps it, or off; without it
                    the profile's auto_revert counts (60s in prod, else off); short for
                    --set auto_revert=TIME
  --read-only       refuse every edit and every pause, and stop with P all the same; with attach,
                    leave the write lock to the other viewers
  --report FILE.html  write the run as one page at its end, with plots: it needs no network and no
                    script, and has no secret
  --record FILE     write all that is told to a new file as well, for pooltop replay
  --prometheus ADDRESS  serve the numbers to Prometheus at http://ADDRESS/metrics, for example
                    127.0.0.1:9464, or a port alone for this machine; short for
                    --set export.prometheus.listen=ADDRESS
  --save-tuned FILE  write what was tuned live and is in force at the end to a new profile, that
                    includes the one it came from; w does it at any time
  --keys FILE       the dashboard's keys, instead of $XDG_CONFIG_HOME/pooltop/keys.toml
  --theme NAME      the dashboard's colours: pooltop, pooltop-light, pooltop-contrast (for a
                    projector), ansi-dark and ansi-light (the terminal's own 16), or any other of
                    Textual's; without it what the terminal says of itself counts, and NO_COLOR
  --ascii           draw in ASCII alone; by itself with LC_ALL=C and where it is not UTF-8
  --no-mouse        leave the mouse to the terminal, which selects text with it
  --set KEY=VALUE   put a value in the place of the profile's, as agents.payments.max_sockets=8;
                    repeatable
  --strict          take a warning about the profile for an error
  --print-config    print every value that counts, as TOML, and send nothing; with --json one a
                    line with the place that it comes from; secrets are masked
  --allow HOST      let the profile send traffic to this host off loopback; repeatable
  --detach          run in the background and show nothing; exits 0 once the load runs
  --name NAME       what the engine in the background is called (default: as its profile)
  --handout DIR     with demo lesson: a picture (SVG) of each step to print, with its numbers
  --port NUMBER     serve on this port (default 8765; 0 takes a free one)
  --listen ADDRESS  serve on this address of the machine (default 127.0.0.1); beyond loopback
                    everybody who reaches it sees the engine: there is no password
  --write           let the visitors of serve change what they see
  --host HOST, --most N  tune: whose limit, as host:port or the host alone; and the highest tried
  --tls, --plain    demo compare: over TLS, which is usual, or without
  --version         print the version
  --help            print this

What counts, from the least to the most: the built-in value, included files, the profile, a variable
like POOLTOP__AGENTS__PAYMENTS__MAX_SOCKETS=8, --set, and a live edit.

in the background: an engine lives until pooltop stop NAME or SIGTERM ends it, whoever watches and
even when its load is over. Up to 8 viewers attach at once; one holds the write lock, and only its
edits and controls are carried out, but P stops the load for everybody. It is found by a socket in
$XDG_RUNTIME_DIR/pooltop, else in a directory pooltop-UID among the temporary ones, that is this
user's alone; where its files go away it makes them again, or ends. If it fails, its last words are
in NAME.log there.

serve needs pip install "pooltop[serve]". Each visitor attaches to the engine NAME, or to the only
one; with --profile FILE it runs one in the background first, and stops it at its own end.

compare says of two runs what was set otherwise and what came of it, all hosts together, and each
host, workload and request class. Runs may differ in length: rates and shares are compared, and
quantiles of merged histograms. What chance or a histogram's 1 % can explain is called the same.
--format json has every number, --html FILE.html writes a page of them.

demo compare sends the same requests at the same moments to hosts that are alike, and shows both on
page 6; with --headless a card that says how they differ comes last. A and B are two of
keep-alive, close, shared (one agent), per-request (one for each), undici, h2, limit:N (maxSockets)
and free:N (maxFreeSockets); --print-config prints the profile that is made of them.

tune sends the profile's load and steps maxSockets of one host from 1 to --most (default 256), until
more brings no more, the target takes one and a half times as long as at first, or requests fail;
the limit is put back before it ends. Status 1: too little was answered to propose one.

replay sends nothing and changes nothing. Of a file that was cut or damaged it shows what is good,
and says so; with --headless or --json it prints what the live run would have, as fast as it can.

exit status: 0 the load is over, or you left; 1 the engine or the demo failed, what was to be
written could not be, or a lesson's claim did not hold; 2 a mistake in the command line, the
profile, the keys or the recording, or a port that is taken, nothing was sent; 99 the load is over,
and a threshold of the profile failed or had nothing to be judged by; 130, 143, 129 ended by SIGINT,
SIGTERM, SIGHUP.
"""
)
