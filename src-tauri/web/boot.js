// Joins the workbench on the canvas to the shell around the page. No logic: commands go out, events come in.
import init, { Page } from "./verifold.js";

const status = document.getElementById("status");
const show = (state, text) => {
  document.body.dataset.state = state;
  status.textContent = text;
};
const fail = (problem) =>
  show("failed", `The workbench could not be opened: ${problem}\nWithout a window: verifold verify --policy POLICY PACKAGE`);

// For measurements: how fast the workbench draws is asked of it (`cargo xtask shell-bench`).
export let page;

// Keys with which web engines reload a page; the workbench has its own use for the first.
const reloads = (event) => event.key === "F5" || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "r");
addEventListener("keydown", (event) => reloads(event) && event.preventDefault(), true);
addEventListener("error", (event) => fail(event.message));
addEventListener("unhandledrejection", (event) => fail(event.reason));

try {
  const { invoke, Channel } = window.__TAURI__.core;
  await init({ module_or_path: "verifold_bg.wasm" });
  const send = (command) => invoke("dispatch", { command }).catch(fail);
  const tell = (text, busy) => {
    document.body.dataset.busy = busy;
    show("open", text);
  };
  page = new Page(send, tell);
  const events = new Channel();
  events.onmessage = (event) => page.deliver(new Uint8Array(event));
  await invoke("connect", { events });
  const canvas = document.getElementById("workbench");
  // The workbench smooths its own edges and covers what is behind: the engine need do neither. A context once made is the one
  // its graphics library is given.
  canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, stencil: false });
  await page.open(canvas);
} catch (problem) {
  fail(problem);
}
