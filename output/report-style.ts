/** The look of the report, light and dark. */
export const reportStyle = `
:root { color-scheme: light dark; --ground: #fbfaf7; --sheet: #ffffff; --ink: #22262b; --quiet: #66707a; --line: #e3e0d8; --bar: #3b6ea5; --good: #2b7a4b; --bad: #b3392f; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #16181b; --sheet: #1e2125; --ink: #e4e6e8; --quiet: #9aa3ac; --line: #33383e; --bar: #6fa3d8; --good: #69c08d; --bad: #ee8379; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 28px; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 0 0 12px; }
section { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 20px; margin-top: 20px; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--ground); border-radius: 6px; padding: 12px; max-height: 420px; overflow: auto; }
.quiet { color: var(--quiet); margin: 0; }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.figures { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 0; }
.figures dt { color: var(--quiet); font-size: 13px; }
.figures dd { margin: 0; font-size: 26px; font-weight: 600; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
th { color: var(--quiet); font-size: 13px; font-weight: 500; white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
td.number { font-variant-numeric: tabular-nums; text-align: right; padding-right: 20px; }
figure { margin: 20px 0 0; max-width: 760px; }
figcaption { color: var(--quiet); font-size: 13px; margin-bottom: 4px; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg rect { fill: var(--bar); }
details { border-top: 1px solid var(--line); padding: 10px 0; }
summary { cursor: pointer; }
`;
