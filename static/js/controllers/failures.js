// No failed request goes unsaid, and nothing typed is touched.
import { Controller } from "stimulus"
import { reportFailure } from "lib/failures"

const FAILURES = ["htmx:responseError", "htmx:sendError", "htmx:timeout"]
// data-quiet: what refreshes itself tries again without a word.
// These two bring their own words: a fragment that says why, or a toast in the HX-Trigger header.
const SAID_BY_SERVER = new Set([409, 422])

export default class extends Controller {
  connect() {
    for (const name of FAILURES) this.element.addEventListener(name, this.report)
  }

  disconnect() {
    for (const name of FAILURES) this.element.removeEventListener(name, this.report)
  }

  report = ({ detail }) => {
    if (detail.elt && "quiet" in detail.elt.dataset) return
    const status = detail.xhr?.status ?? 0
    if (!SAID_BY_SERVER.has(status)) reportFailure(status, sentenceOf(detail.xhr))
  }
}

function sentenceOf(xhr) {
  const isPlain = xhr?.getResponseHeader("Content-Type")?.startsWith("text/plain")
  return isPlain ? xhr.responseText.trim().slice(0, 300) : ""
}
