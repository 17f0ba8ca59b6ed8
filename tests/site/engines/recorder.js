// The first script of a page in WebKit. Its driver tells nothing of what goes wrong, so the page itself keeps it.

{
  const faults = [];
  const tellWarning = (kind, asItIs) => {
    console[kind] = (...words) => {
      faults.push(`console ${kind}: ${words.join(" ")}`);
      asItIs.apply(console, words);
    };
  };
  for (const kind of ["error", "warn"]) tellWarning(kind, console[kind]);
  // What the page itself has dealt with by then is no fault.
  const uncaught = (event, what) => setTimeout(() => event.defaultPrevented || faults.push(`uncaught error: ${what}`));
  const failed = (event) => {
    const { target, message } = event;
    if (target === globalThis) uncaught(event, message);
    else faults.push(`failed request: ${target.currentSrc || target.src || target.href}`);
  };
  addEventListener("error", failed, { capture: true });
  addEventListener("unhandledrejection", (event) => uncaught(event, event.reason));
  performance.setResourceTimingBufferSize(10_000);

  const foreign = () =>
    performance
      .getEntriesByType("resource")
      .filter(({ name }) => !/^(data|blob|about):/.test(name) && !name.startsWith(`${location.origin}/`))
      .map(({ name }) => `request to another host: ${name}`);
  Object.defineProperty(globalThis, "faultsOfThisPage", { value: () => [...faults, ...foreign()] });
}
