#include "campaign/report/style.hpp"

namespace aleator::campaign::report {

const char* const page_style = R"css(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --paper: #ffffff; --ink: #1b2430; --muted: #5d6977; --axis: #97a2ae; --grid: #e6eaee;
  --line: #dde2e7; --band: #d3dbe4;
  --accent: #0b5cad; --ref: #1b2430;
  --s1: #2a6fb3; --s2: #d1601a; --s3: #16866b; --s4: #b2528f; --s5: #b98700; --s6: #3ba3d8; --s7: #6d5bb8;
  --s8: #737b84;
  --good: #13714d; --good-soft: #e4f4ec; --caution: #8a5a00; --caution-soft: #fdf1d6; --bad: #b3261e;
  --bad-soft: #fce8e6;
  --biased: #6941a5; --biased-soft: #f0e9fa; --unknown: #5d6977; --unknown-soft: #eef1f4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11161c; --paper: #192029; --ink: #e4e9ee; --muted: #9aa7b4; --axis: #5b6875; --grid: #29323c;
    --line: #2b3540; --band: #36434f;
    --accent: #78b4f0; --ref: #f2f5f7;
    --s1: #62a8e8; --s2: #f08d4f; --s3: #3fbf9b; --s4: #df8cc1; --s5: #e0b040; --s6: #8ad0f2; --s7: #a899ea;
    --s8: #a3acb5;
    --good: #5fd0a0; --good-soft: #14312a; --caution: #eab654; --caution-soft: #352b17; --bad: #ff8a80;
    --bad-soft: #3b1f20;
    --biased: #c4a5f5; --biased-soft: #2b2340; --unknown: #9aa7b4; --unknown-soft: #222b34;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 3.6rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; }
.wrap { max-width: 1140px; margin: 0 auto; padding: 0 20px; }
header.top { padding: 2.4rem 0 1.2rem; }
.kicker { margin: 0 0 .3rem; color: var(--muted); font-size: .85rem; letter-spacing: .02em; overflow-wrap: anywhere; }
h1 { margin: 0 0 .7rem; font-size: clamp(1.6rem, 3.4vw, 2.25rem); line-height: 1.18; letter-spacing: -.015em;
  font-weight: 680;
  overflow-wrap: anywhere; }
.headline { margin: 0; max-width: 52rem; font-size: 1.12rem; line-height: 1.5; }
.meta { margin: .8rem 0 0; color: var(--muted); font-size: .85rem; }
nav { position: sticky; top: 0; z-index: 5; background: color-mix(in srgb, var(--page) 92%, transparent);
  backdrop-filter: blur(6px);
  border-bottom: 1px solid var(--line); }
nav .wrap { display: flex; gap: 1.25rem; overflow-x: auto; padding-top: .65rem; padding-bottom: .65rem;
  font-size: .9rem; white-space: nowrap;
  scrollbar-width: none; }
a { color: var(--accent); }
nav a { color: var(--muted); text-decoration: none; }
nav a:hover, nav a:focus { color: var(--accent); }
section { margin: 2.6rem 0 0; }
h2 { margin: 0 0 .9rem; font-size: 1.35rem; letter-spacing: -.01em; font-weight: 650; }
.card, figure { margin: 0 0 1.2rem; background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.1rem 1.25rem; }
figure h3 { margin: 0 0 .7rem; font-size: 1.02rem; font-weight: 630; }
figcaption { margin: .8rem 0 0; color: var(--muted); font-size: .88rem; line-height: 1.5; max-width: 62rem; }
.verdict { margin-top: 1.6rem; border: 1px solid var(--tone); border-left-width: 8px; border-radius: 10px;
  background: var(--soft);
  padding: 1.1rem 1.35rem 1.2rem; }
.verdict h2 { margin: 0; color: var(--tone); font-size: 1.45rem; }
.verdict > p { margin: .25rem 0 .9rem; max-width: 56rem; }
.verdict dl { display: grid; grid-template-columns: max-content max-content 1fr; gap: .4rem .9rem; margin: 0;
  font-size: .94rem; }
.verdict dt { font-weight: 600; }
.verdict dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.verdict .advice { display: block; color: var(--tone); }
.good { --tone: var(--good); --soft: var(--good-soft); } .caution { --tone: var(--caution);
  --soft: var(--caution-soft); }
.bad { --tone: var(--bad); --soft: var(--bad-soft); } .biased { --tone: var(--biased); --soft: var(--biased-soft); }
.unknown { --tone: var(--unknown); --soft: var(--unknown-soft); }
.tag { display: inline-block; min-width: 4.9rem; text-align: center; padding: .04rem .5rem; border-radius: 99px;
  border: 1px solid var(--tone);
  color: var(--tone); background: var(--soft); font-size: .78rem; font-weight: 600; line-height: 1.5; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(46%, 220px), 1fr)); gap: .8rem;
  margin: 1.2rem 0 0; }
.tile { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: .7rem .9rem; }
.tile b { display: block; font-size: 1.4rem; font-weight: 640; letter-spacing: -.01em; line-height: 1.25;
  font-variant-numeric: tabular-nums; }
.tile span { color: var(--muted); font-size: .82rem; }
.tile.caution b, .tile.bad b { color: var(--tone); }
.prose p { margin: 0 0 .7rem; max-width: 52rem; } .prose p:last-child { margin-bottom: 0; }
.pictures { display: grid; gap: .4rem 1rem; align-items: start; }
.two { grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
.three { grid-template-columns: repeat(auto-fill, minmax(min(100%, 310px), 1fr)); }
.four { grid-template-columns: repeat(auto-fill, minmax(min(100%, 230px), 1fr)); }
svg.plot { display: block; width: 100%; height: auto; color: var(--ink); overflow: visible; }
svg.plot text { font-family: inherit; font-variant-numeric: tabular-nums; }
.one { overflow-x: auto; } .one svg.plot { min-width: 700px; }
.notice { color: var(--caution); background: var(--caution-soft); border: 1px solid var(--caution);
  border-radius: 8px; padding: .6rem .9rem;
  margin: 1rem 0 0; font-size: .92rem; overflow-wrap: anywhere; }
.scroll { overflow: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  margin: 0 0 1.2rem; }
.tall { max-height: 34rem; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .9rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .38rem .8rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--paper); color: var(--muted); font-weight: 600;
  font-size: .82rem; }
.sorts thead th { cursor: pointer; } thead th[aria-sort=ascending]::after { content: " ↑"; }
  thead th[aria-sort=descending]::after { content: " ↓"; }
th:first-child, th.words { text-align: left; } tbody th { font-weight: 560; }
tbody th small { display: block; color: var(--muted); font-weight: 400; font-size: .78rem; line-height: 1.3; }
tbody tr:hover > * { background: color-mix(in srgb, var(--accent) 6%, transparent); }
tr.main > * { background: color-mix(in srgb, var(--accent) 5%, transparent); }
td.words { text-align: left; white-space: normal; min-width: 12rem; color: var(--muted); }
  td.words .tag { min-width: 0; }
td.caution, td.bad { color: var(--tone); background: var(--soft); font-weight: 600; }
pre { margin: 0; overflow: auto;
  font: .84rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; tab-size: 2; }
code { font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.2rem; margin: 0; font-size: .94rem; }
dl.facts dt { color: var(--muted); } dl.facts dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
details { margin-top: 1rem; border-top: 1px solid var(--line); padding-top: .8rem; }
summary { cursor: pointer; color: var(--accent); font-weight: 560; }
details pre { margin-top: .7rem; max-height: 40rem; }
footer { margin: 2.5rem 0 3rem; color: var(--muted); font-size: .85rem; }
@media (max-width: 640px) { .verdict dl { grid-template-columns: max-content 1fr; }
  .verdict dl dd:nth-of-type(2n) { grid-column: 1 / -1; } }
@media print { nav { display: none; } figure, .card, .verdict { break-inside: avoid; } .tall { max-height: none; } }
)css";

const char* const page_script = R"js(
for (const table of document.querySelectorAll('table.sortable')) {
  table.classList.add('sorts');
  const body = table.tBodies[0];
  table.tHead.addEventListener('click', event => {
    const head = event.target.closest('th');
    if (!head) return;
    const column = head.cellIndex, up = head.getAttribute('aria-sort') !== 'ascending';
    for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    const key = row => { const c = row.cells[column]; return 'v' in c.dataset ? +c.dataset.v : c.textContent; };
    const order = (a, b) => typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === 'number' ? -1 : 1;
    [...body.rows].sort((a, b) => (up ? 1 : -1) * order(key(a), key(b))).forEach(row => body.append(row));
  });
}
)js";

}  // namespace aleator::campaign::report
