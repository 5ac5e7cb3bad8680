// Draws the figures of a report page from the data the page carries. No network.
"use strict";

// On paper a figure keeps the proportions it has on a screen of this width, and is shrunk as a whole.
const DRAWN_WIDTH = 1000;
const PAPER_WIDTH = 690;   // CSS px between the margins of A4 (report.css, @page)
const PAPER_HEIGHT = 930;  // a figure with its heading must fit one page
const SHRINK = PAPER_WIDTH / DRAWN_WIDTH;

function draw(div) {
  if (div.dataset.drawn || div.closest("details:not([open])")) return;  // a folded figure has no width yet
  const spec = JSON.parse(document.getElementById(div.dataset.figure).textContent);
  Plotly.newPlot(div, spec.data, spec.layout, {responsive: true, displayModeBar: false});
  div.dataset.drawn = "yes";
}

function plots() {
  return Array.from(document.querySelectorAll("div.plot"));
}

function fitToPaper() {
  for (const div of plots().filter((one) => one.dataset.drawn)) {
    const height = Math.min(div.layout.height, PAPER_HEIGHT / SHRINK);
    div.dataset.height = div.layout.height;
    Object.assign(div.style, {height: `${height}px`, width: `${DRAWN_WIDTH}px`, zoom: SHRINK});
    Plotly.relayout(div, {width: DRAWN_WIDTH, height: height, autosize: false});
  }
}

function fitToScreen() {
  for (const div of plots().filter((one) => one.dataset.height)) {
    const height = Number(div.dataset.height);
    Object.assign(div.style, {height: `${height}px`, width: "", zoom: ""});
    Plotly.relayout(div, {width: null, height: height, autosize: true});
  }
}

document.addEventListener("DOMContentLoaded", () => {
  plots().forEach(draw);
  for (const details of document.querySelectorAll("details")) {
    details.addEventListener("toggle", () => details.querySelectorAll("div.plot").forEach(draw));
  }
});
window.addEventListener("beforeprint", fitToPaper);
window.addEventListener("afterprint", fitToScreen);
