// Draws the figures of a report page from the data the page carries. No network.
"use strict";

const PRINT_WIDTH = 690;   // CSS px between the margins of A4 (report.css, @page)
const PRINT_HEIGHT = 960;  // a figure must fit one page

function draw(div) {
  if (div.dataset.drawn || div.offsetParent === null) return;
  const spec = JSON.parse(document.getElementById(div.dataset.figure).textContent);
  Plotly.newPlot(div, spec.data, spec.layout, {responsive: true, displayModeBar: false});
  div.dataset.drawn = "yes";
}

function plots() {
  return Array.from(document.querySelectorAll("div.plot"));
}

function fitToPaper() {
  for (const div of plots().filter((one) => one.dataset.drawn)) {
    const height = Math.min(div.layout.height, PRINT_HEIGHT);
    div.dataset.height = div.layout.height;
    div.style.height = `${height}px`;
    Plotly.relayout(div, {width: PRINT_WIDTH, height: height, autosize: false});
  }
}

function fitToScreen() {
  for (const div of plots().filter((one) => one.dataset.height)) {
    const height = Number(div.dataset.height);
    div.style.height = `${height}px`;
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
