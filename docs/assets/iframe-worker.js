/* Search runs in a worker, which browsers forbid to pages that are opened from a folder (file:).
   There a hidden frame takes the worker's place. */
class IFrameWorker extends EventTarget {
  constructor(url) {
    super();
    const frame = document.createElement("iframe");
    frame.hidden = true;
    document.body.append(frame);
    this.window = frame.contentWindow;
    const load = (src) =>
      new Promise((loaded, failed) => {
        const script = this.window.document.createElement("script");
        Object.assign(script, { src, onload: loaded, onerror: failed });
        this.window.document.body.append(script);
      });
    const answer = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
    this.window.postMessage = (data) => setTimeout(answer, 0, data);
    this.window.importScripts = (...urls) =>
      urls.reduce((before, next) => before.then(() => load(next)), Promise.resolve());
    this.ready = load(url);
  }

  postMessage(data) {
    this.ready.then(() => this.window.dispatchEvent(new MessageEvent("message", { data })));
  }
}

if (location.protocol === "file:") {
  window.IFrameWorker = IFrameWorker;
  window.Worker = IFrameWorker;
}
