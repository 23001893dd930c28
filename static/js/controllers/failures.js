// No failed request goes unsaid, and nothing typed is touched. The requests themselves are listened to:
// of one that was asked by what is on the page no more, htmx tells nobody.
import { Controller } from "stimulus"
import { reportFailure, reportLeft } from "lib/failures"

const ENDS = ["load", "error", "timeout"]
// These two bring their own words: a fragment that says why, or a toast in the HX-Trigger header.
const SAID_BY_SERVER = new Set([409, 422])

export default class extends Controller {
  connect() {
    this.element.addEventListener("htmx:beforeRequest", this.follow)
  }

  disconnect() {
    this.element.removeEventListener("htmx:beforeRequest", this.follow)
  }

  // data-quiet: what refreshes itself tries again without a word.
  follow = ({ detail: { elt, xhr, requestConfig } }) => {
    if ("quiet" in elt.dataset) return
    const home = elt.closest("#conversation")
    const isDeed = requestConfig.verb !== "get" && !elt.hasAttribute("data-aside")
    const report = () => {
      if (xhr.status && xhr.status < 400) return
      if (!home || home.isConnected) this.#report(xhr)
      else if (isDeed) reportLeft(home, elt.dataset.undone, xhr.status, sentenceOf(xhr) || refusalOf(xhr))
    }
    for (const end of ENDS) xhr.addEventListener(end, report)
  }

  #report(xhr) {
    if (!SAID_BY_SERVER.has(xhr.status)) reportFailure(xhr.status, sentenceOf(xhr))
  }
}

function sentenceOf(xhr) {
  const isPlain = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain")
  return isPlain ? xhr.responseText.trim().slice(0, 300) : ""
}

// What would have been shown where it was asked.
function refusalOf(xhr) {
  if (!SAID_BY_SERVER.has(xhr.status)) return ""
  const told = JSON.parse(xhr.getResponseHeader("HX-Trigger") ?? "{}")
  const drawn = new DOMParser().parseFromString(xhr.responseText, "text/html")
  return told.toast?.text ?? drawn.querySelector("[data-refusal] p, body > .alert p")?.textContent ?? ""
}
