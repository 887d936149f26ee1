// Runs once the panel stands in the page; `this` is its style sheet. Widgets can't say this in Python.
const panel = this.closest(".nst-playground");
panel.dataset.lmSuppressShortcuts = "true"; // arrows move a slider, not the notebook's cells
const speak = () => {
  for (const handle of panel.querySelectorAll(".noUi-handle")) {
    const slider = handle.closest(".jupyter-widgets");
    const value = slider.querySelector(".widget-readout")?.textContent;
    handle.setAttribute("aria-label", slider.querySelector("label").textContent);
    if (value) handle.setAttribute("aria-valuetext", value);
  }
  panel.querySelector(".nst-spoken .widget-html-content")?.setAttribute("role", "status");
};
new MutationObserver(speak).observe(panel, { childList: true, characterData: true, subtree: true });
speak();
