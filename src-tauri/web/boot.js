// Joins the workbench on the canvas to the shell around the page. No logic: commands go out, events come in.
import init, { Page } from "./verifold.js";

const status = document.getElementById("status");
const show = (state, text) => {
  document.body.dataset.state = state;
  status.textContent = text;
};
const fail = (problem) =>
  show("failed", `The workbench could not be opened: ${problem}\nWithout a window: verifold verify --policy POLICY PACKAGE`);

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
  const page = new Page(send, tell);
  const events = new Channel();
  events.onmessage = (event) => page.deliver(event);
  await invoke("connect", { events });
  await page.open(document.getElementById("workbench"));
} catch (problem) {
  fail(problem);
}
