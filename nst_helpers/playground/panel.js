// Runs once the panel stands in the page; `this` is its style sheet. Widgets can't say this in Python.
const panel = this.closest(".nst-playground");
const words = this.dataset;
panel.lang = words.language;
const speak = () => {
  // A key is for the control that has the focus: arrows move a slider, not the notebook's cells.
  for (const control of panel.querySelectorAll("a, button, input, select, [tabindex]")) {
    control.dataset.lmSuppressShortcuts = "true";
  }
  for (const handle of panel.querySelectorAll(".noUi-handle")) {
    const slider = handle.closest(".widget-inline-hbox");
    const value = slider.querySelector(".widget-readout")?.textContent;
    handle.setAttribute("aria-label", slider.querySelector("label").textContent);
    if (value) handle.setAttribute("aria-valuetext", value);
  }
  for (const image of panel.querySelectorAll("img.nst-picture")) {
    image.alt = image.matches(".nst-aside") ? words.aside : words.painted;
  }
  panel.querySelector(".nst-spoken .widget-html-content")?.setAttribute("role", "status");
};
new MutationObserver(speak).observe(panel, { childList: true, characterData: true, subtree: true });
speak();
