"""How the page looks: on a screen wide or narrow, light or dark, and on paper."""

from __future__ import annotations

from pooltop.present.report.markup import raw

CSS = raw("""
:root { color-scheme: light dark; --back: #ffffff; --fore: #1c2733; --dim: #5b6b7b; --rule: #d5dde5;
  --card: #f6f8fa; --a: #14776f; --b: #9a5b00; --c: #9d2f6e; --bad: #b3261e; --good: #1b7a3d;
  --warn: #96590b; --edit: #5a4fcf; }
@media (prefers-color-scheme: dark) { :root { --back: #10161d; --fore: #e3eaf1; --dim: #93a3b3;
  --rule: #2b3743; --card: #161e27; --a: #4fd1c5; --b: #ffb454; --c: #f58ac4; --bad: #ff7b72;
  --good: #63d68c; --warn: #ffb454; --edit: #a9a1ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 84rem; background: var(--back); color: var(--fore);
  font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p, small, dd { color: var(--dim); } p { margin: .25rem 0; }
.facts { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); }
.facts div { background: var(--card); border: 1px solid var(--rule); border-radius: 6px;
  padding: .5rem .75rem; }
.facts b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; overflow-wrap: normal; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--rule);
  vertical-align: top; }
th { color: var(--dim); font-weight: 600; white-space: nowrap; }
th[title], b[title] { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:last-child, th:last-child { padding-right: 0; } .n + :not(.n) { padding-left: .6rem; }
td small { display: block; min-width: 14rem; }
.plots { display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 6px;
  padding: .5rem .5rem .25rem; min-width: 0; break-inside: avoid; }
figcaption { font-size: .85rem; } figcaption b { margin-right: .75em; }
.key { color: var(--dim); margin-right: .75em; white-space: nowrap; }
svg { display: block; width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--dim); }
.line { fill: none; stroke-width: 1.5; stroke-linejoin: round; stroke-linecap: round; }
.grid { stroke: var(--rule); stroke-width: 1; fill: none; }
path.a { stroke: var(--a); } path.b { stroke: var(--b); stroke-dasharray: 5 2; }
path.c { stroke: var(--c); stroke-dasharray: 1.5 3; }
path.limit { stroke: var(--bad); stroke-dasharray: 8 3; stroke-width: 1; }
path.area { stroke: none; fill: var(--a); opacity: .18; }
.mark path { fill: none; stroke-width: 1; } .edit path { stroke: var(--edit); fill: var(--edit); }
.alert path { stroke: var(--bad); fill: var(--bad); }
.swatch { display: inline-block; width: 1.4em; height: 0; vertical-align: middle;
  border-top: 3px solid var(--a); }
.swatch.b { border-top: 3px dashed var(--b); } .swatch.c { border-top: 3px dotted var(--c); }
.swatch.limit { border-top: 2px dashed var(--bad); }
.bar { width: 14rem; height: .8rem; margin: .3rem 0; }
[class*="ph-"] { fill: var(--ph); border-color: var(--ph); border-top-width: .8em; }
.ph-begun-late { --ph: #8d99a6; } .ph-earlier { --ph: #5f6f86; } .ph-queue { --ph: #d9534a; }
.ph-dns { --ph: #8a63c9; }
.ph-tcp { --ph: #3f7fd1; } .ph-tunnel { --ph: #2aa1b3; } .ph-tls { --ph: #e0a030; }
.ph-send { --ph: #b06a3c; } .ph-wait { --ph: #3aa76d; } .ph-receive { --ph: #9fc54d; }
.pair { width: 8rem; height: .9rem; } .old { fill: var(--dim); } .new { fill: var(--a); }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.note { border-left: 3px solid var(--warn); padding-left: .75rem; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .25rem 1rem;
  margin: 0; }
dt { font-weight: 600; } dd { margin: 0; } details { margin: .5rem 0; } summary { cursor: pointer; }
@media (max-width: 30rem) { body { padding: .75rem; } dl { grid-template-columns: 1fr; }
  dd { margin-bottom: .4rem; } .plots { grid-template-columns: 1fr; } }
@page { size: A4; margin: 12mm; }
@media print { :root { --back: #fff; --fore: #000; --dim: #444; --rule: #bbb; --card: #fff;
  --a: #14776f; --b: #9a5b00; --c: #9d2f6e; --bad: #b3261e; --good: #1b7a3d; --warn: #96590b;
  --edit: #5a4fcf; }
  body { padding: 0; max-width: none; font-size: 10px; print-color-adjust: exact; }
  .plots { grid-template-columns: 1fr 1fr; } .scroll { overflow: visible; }
  table { font-size: 8px; } th, td { padding-right: .3rem; overflow-wrap: anywhere; }
  details::details-content { content-visibility: visible; height: auto; }
  h2, h3 { break-after: avoid; } tr { break-inside: avoid; } td small { min-width: 0; } }
""")
