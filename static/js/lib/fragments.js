// Fetching a piece of the page and merging it by id.
import htmx from "htmx"
import { morph } from "lib/morph"

export class Refused extends Error {
  constructor(status) {
    super(`answered ${status}`)
    this.status = status
  }
}

// The elements of the answer. Throws Refused, or what fetch throws when nobody answers.
export async function fetchFragments(address, { signal } = {}) {
  const response = await fetch(address, { headers: { "HX-Request": "true" }, signal })
  if (!response.ok) throw new Refused(response.status)
  return elementsOf(await response.text())
}

function elementsOf(html) {
  return [...new DOMParser().parseFromString(html, "text/html").body.children]
}

// Merges `fresh` into the element of the same id; what the reader has in hand stays.
export function mergeFragment(fresh) {
  const old = document.getElementById(fresh.id)
  if (!old) return
  morph(old, fresh)
  htmx.process(document.getElementById(fresh.id))
}

// An answer that came after news of what it tells: the newer of the two stays.
export function mergeAnswer(html) {
  for (const fresh of elementsOf(html)) {
    const shown = document.getElementById(fresh.id)
    if (Number(fresh.dataset.version) < Number(shown?.dataset.version)) continue
    mergeFragment(fresh)
  }
}

// Only the element `id` of an answer: what else it tells may be older than what is shown.
export function mergePart(html, id) {
  const fresh = elementsOf(html).map((element) => element.querySelector(`#${id}`)).find(Boolean)
  if (fresh) mergeFragment(fresh)
}

export function replaceFragment(fresh) {
  const old = document.getElementById(fresh.id)
  const adopted = document.importNode(fresh, true)
  old?.replaceWith(adopted)
  htmx.process(adopted)
}
