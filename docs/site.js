// What scrolls sideways can be reached and scrolled with the keyboard. The theme wraps tables late.
const reach = () =>
  document.querySelectorAll(".md-typeset__scrollwrap, pre > code").forEach((one) => { one.tabIndex = 0; });
new MutationObserver(reach).observe(document.body, { childList: true, subtree: true });
reach();
