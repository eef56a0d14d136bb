// Keys of the review page. All of them click what is there, so that nothing can be done by key alone.
"use strict";

document.addEventListener("keydown", function (event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const field = event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select");
  if (field) {
    if (event.key === "Escape") field.blur();
    return;
  }
  const target = document.querySelector('[data-key="' + CSS.escape(event.key) + '"]');
  if (!target) {
    if (event.key === "j" || event.key === "k") moveInList(event.key === "j" ? 1 : -1);
    return;
  }
  event.preventDefault();
  if (target.matches("textarea")) target.focus();
  else if (target.matches("details")) target.open = !target.open;
  else target.click();
});

function moveInList(step) {
  const links = Array.from(document.querySelectorAll("a[data-row]"));
  if (!links.length) return;
  const here = links.indexOf(document.activeElement);
  const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), links.length - 1);
  links[next].focus();
}
