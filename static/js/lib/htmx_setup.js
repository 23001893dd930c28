// htmx as the desk uses it: answers are morphed into the page, and an answer that refuses
// (409, 422) may carry the fragment that shows why.
import htmx from "htmx"
import { mergeAnswer } from "lib/fragments"
import { morph } from "lib/morph"

htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "409", swap: true, error: true },
  { code: "422", swap: true, error: true },
  { code: "[45]..", swap: false, error: true },
]

// A whole page instead of a fragment: somebody was signed out meanwhile.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!/^\s*<!doctype/i.test(detail.serverResponse)) return
  detail.shouldSwap = false
  window.location.reload()
})

// News may have taken away the control that asked before its answer is here, as they take away Hide
// once it is hidden. htmx then finds no extension above it and would put the answer inside.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.shouldSwap || detail.requestConfig.elt.isConnected) return
  detail.shouldSwap = false
  if (detail.target.isConnected) mergeAnswer(detail.serverResponse)
})

htmx.defineExtension("morph", {
  isInlineSwap: (style) => style === "morph",
  handleSwap: (style, target, fragment) => {
    if (style !== "morph") return false
    return morph(target, fragment.firstElementChild)
  },
})
