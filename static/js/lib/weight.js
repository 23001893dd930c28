// How long X counts a public post, as inbox/text/weight.py does, by the same rules: most letters 1,
// CJK and emoji 2, any link 23.
import { findLinks } from "lib/links"
import { DEFAULT_WEIGHT, EMOJI, LEADING_MENTIONS, LIGHT, LINK_WEIGHT } from "lib/weight_rules"

const EMOJI_FOUND = new RegExp(EMOJI, "gu")
const MENTIONS = new RegExp(LEADING_MENTIONS, "u")

export function replyWeight(text) {
  return weightedLength(text.replace(MENTIONS, ""))
}

export function weightedLength(text) {
  const composed = text.normalize("NFC")
  let [weight, position] = [0, 0]
  for (const [start, end, worth] of wholes(composed)) {
    if (start < position) continue
    weight += weighLetters(composed.slice(position, start)) + worth
    position = end
  }
  return weight + weighLetters(composed.slice(position))
}

// What weighs as one: start, end and weight, a link before an emoji at the same place.
function wholes(text) {
  const links = findLinks(text).map((span) => [...span, LINK_WEIGHT])
  const emoji = Array.from(text.matchAll(EMOJI_FOUND), (found) => [
    found.index,
    found.index + found[0].length,
    DEFAULT_WEIGHT,
  ])
  return [...links, ...emoji].sort((one, other) => one[0] - other[0] || other[2] - one[2])
}

function weighLetters(text) {
  let weight = 0
  for (const letter of text) weight += isLight(letter.codePointAt(0)) ? 1 : DEFAULT_WEIGHT
  return weight
}

function isLight(code) {
  return LIGHT.some(([first, last]) => code >= first && code <= last)
}
