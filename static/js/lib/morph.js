// Merging a fresh fragment into the page without losing what belongs to the reader: what they
// typed, what they chose, what they have opened.
import { Idiomorph } from "idiomorph"

const options = {
  morphStyle: "outerHTML",
  restoreFocus: true,
  callbacks: { beforeNodeMorphed, beforeNodeRemoved, beforeAttributeUpdated },
}
// Written by controllers and by the browser itself, never by the server.
const NEVER_OURS = new Set(["style", "open", "aria-expanded"])

export function morph(element, fresh) {
  const choices = chosenIn(element)
  fresh.remove()
  const merged = Idiomorph.morph(element, fresh, options)
  for (const [id, value] of choices) choose(id, value)
  return merged
}

// data-keep: this element and all inside it belong to the browser once it is there.
function beforeNodeMorphed(before) {
  return !isKept(before)
}

function beforeNodeRemoved(node) {
  return !isKept(node)
}

// data-keep-attributes: attributes that a controller sets, such as hidden or aria-selected.
function beforeAttributeUpdated(name, element) {
  return !NEVER_OURS.has(name) && !(element.dataset.keepAttributes ?? "").split(" ").includes(name)
}

function isKept(node) {
  return node instanceof Element && node.hasAttribute("data-keep")
}

// A list of options may have grown; what was chosen stays chosen while it is still there.
function chosenIn(element) {
  const selects = element.querySelectorAll("select[data-keep-choice]")
  return [...selects].map((select) => [select.id, select.value])
}

function choose(id, value) {
  const select = document.getElementById(id)
  if (select && [...select.options].some((option) => option.value === value)) select.value = value
}
