"""The status page: one document, without anything from elsewhere. ``NONCE`` is replaced by the server."""

from __future__ import annotations

__all__ = ["PAGE"]

_STYLE = """
:root { color-scheme: light dark; --line: #d0d7de; --soft: #656d76; --fill: #0969da; --free: #d8dee4;
  --good: #1a7f37; --bad: #cf222e; --busy: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --line: #30363d; --soft: #9198a1; --fill: #4493f8;
  --free: #30363d; --good: #3fb950; --bad: #f85149; --busy: #d29922; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 66rem; padding: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { color: var(--soft); font-weight: 600; } .number { text-align: right; }
.lane { display: inline-block; width: .8rem; height: .8rem; margin-right: .2rem; border-radius: .2rem;
  background: var(--free); vertical-align: middle; } .lane.taken { background: var(--fill); }
.good { color: var(--good); } .bad { color: var(--bad); } .busy { color: var(--busy); }
code { font: .9em ui-monospace, monospace; }
"""

_SCRIPT = """
"use strict";
const PAUSE = 1000, BAR = 16;
const KINDS = { Completed: "good", online: "good", Failed: "bad", Cancelled: "bad", offline: "bad",
  Running: "busy", Queued: "busy", paused: "busy" };
const at = id => document.getElementById(id);
function cell(content, kind) {
  const made = document.createElement("td");
  made.append(content);
  if (kind) made.className = kind;
  return made;
}
function row(...cells) { const made = document.createElement("tr"); made.append(...cells); return made; }
function lanes(device) {
  const made = document.createElement("span");
  for (let lane = 0; lane < Math.min(device.lanes, BAR); lane++) {
    const box = document.createElement("span");
    box.className = lane < device.taken ? "lane taken" : "lane";
    made.append(box);
  }
  made.append(` ${device.taken} of ${device.lanes}`);
  return made;
}
function clock(text) { return text ? new Date(text).toLocaleTimeString() : ""; }
function day(text) { return text ? new Date(text).toLocaleString() : ""; }
function seconds(value) { return value === null ? "" : `${value.toFixed(3)} s`; }
function deviceRow(device) {
  return row(cell(device.name), cell(device.state, KINDS[device.state]),
    cell(String(device.qubits), "number"), cell(lanes(device)),
    cell(String(device.queue), "number"), cell(day(device.calibrated)));
}
function jobRow(job) {
  const id = document.createElement("code");
  id.append(job.id);
  return row(cell(id), cell(job.status, KINDS[job.status]), cell(job.device), cell(job.program),
    cell(job.api), cell(clock(job.created)), cell(clock(job.ended)), cell(seconds(job.quantum_s), "number"));
}
function show(status) {
  at("devices").replaceChildren(...status.devices.map(deviceRow));
  at("jobs").replaceChildren(...status.jobs.map(jobRow));
  at("none").hidden = status.jobs.length > 0;
  const workers = status.workers === 1 ? "1 worker" : `${status.workers} workers`;
  at("facts").textContent = `${workers}, ${status.noise ? "with the noise of the devices" : "without noise"}`;
  at("news").textContent = `as of ${clock(status.time)}`;
  at("news").className = "soft";
}
async function look() {
  try {
    if (!document.hidden) {
      const answer = await fetch("status.json", { cache: "no-store" });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      show(await answer.json());
    }
  } catch (error) {
    at("news").textContent = `the service does not answer (${error.message})`;
    at("news").className = "bad";
  }
  setTimeout(look, PAUSE);
}
look();
"""

PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>qiskit_direct_provider local service</title>
<link rel="icon" href="data:,">
<style nonce="NONCE">{_STYLE}</style>
</head>
<body>
<h1>Local service</h1>
<p>Simulated devices behind the API of an on-prem system: <span id="facts">&hellip;</span>.
<span id="news" class="soft" role="status">loading</span></p>
<p><a href="docs">API</a> &middot; <a href="openapi.json">OpenAPI document</a> &middot;
<a href="status.json">this page as JSON</a></p>
<noscript><p class="bad">This page needs JavaScript; the same facts are in
<a href="status.json">JSON</a>.</p></noscript>
<h2>Devices</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Name</th><th scope="col">State</th>
<th scope="col" class="number">Qubits</th>
<th scope="col">Lanes taken</th><th scope="col" class="number">Runtime queue</th>
<th scope="col">Calibrated</th></tr></thead>
<tbody id="devices"></tbody></table></div>
<h2>Recent jobs</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Job</th><th scope="col">Status</th>
<th scope="col">Device</th><th scope="col">Program</th>
<th scope="col">API</th><th scope="col">Created</th><th scope="col">Ended</th>
<th scope="col" class="number">Device time</th></tr></thead>
<tbody id="jobs"></tbody></table></div>
<p id="none" class="soft" hidden>No jobs are stored.</p>
<script nonce="NONCE">{_SCRIPT}</script>
</body>
</html>
"""
