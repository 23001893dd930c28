// Where X finds links in what a person wrote, as inbox/text/links.py does.
import { ASCII_DOMAIN, LINK, NAMES, SHORT_LINK, TOP_LEVEL } from "lib/weight_rules"

const AT_LINK = new RegExp(LINK, "uy")
const NAMES_IN_A_ROW = new RegExp(NAMES, "gu")
const AT_TOP_LEVEL = new RegExp(TOP_LEVEL, "uy")
const ASCII_DOMAINS = new RegExp(ASCII_DOMAIN, "gu")
const AT_SHORT_LINK = new RegExp(SHORT_LINK, "uy")

const LONGEST_TEXT = 12_500
const LONGEST_LINK = 4096
const LONGEST_LABEL = 63
const MOST_LABELS = 126 // that the pattern of a link takes before the top level
const LONGEST_SHORT_LINK = 40
const PROTOCOL = "https://"
const BEFORE_A_NAME = PROTOCOL.length + 2 // with the letter that stands before the link
const NOT_BEFORE_A_BARE_LINK = ["-", "_", ".", "/"]
const DOTS = /[\u3002\uff0e\uff61]/

// Start and end of each link, in order.
export function findLinks(text) {
  if (lengthOf(text) > LONGEST_TEXT) return []
  return matchesIn(text).flatMap(linksIn)
}

export function lengthOf(text) {
  let length = 0
  for (const _ of text) length += 1
  return length
}

// What LINK finds from left to right. Tried at every letter, it reads on to the end of each name,
// which costs a long text without spaces its length squared: it is tried where there can be one.
function matchesIn(text) {
  const matches = []
  let at = 0
  for (const [begin, end] of beginnings(text)) {
    at = Math.max(at, begin - BEFORE_A_NAME)
    while (at < end) {
      AT_LINK.lastIndex = at
      const found = AT_LINK.exec(text)
      if (found) matches.push(found)
      at = found ? AT_LINK.lastIndex : at + 1
    }
  }
  return matches
}

// Where each name that ends in a top level may begin: from where, and to the dot before that. Of
// names in a row the first beginning comes first, whichever it is of.
function beginnings(text) {
  return [...text.matchAll(NAMES_IN_A_ROW)].flatMap(({ 0: names, index }) =>
    beginningsIn(text, index, index + names.length).sort(([one], [other]) => one - other),
  )
}

function beginningsIn(text, first, last) {
  const [dots, found] = [[first - 1], []]
  for (let dot = text.indexOf(".", first); dot >= 0 && dot < last; dot = text.indexOf(".", dot + 1)) {
    AT_TOP_LEVEL.lastIndex = dot + 1
    if (AT_TOP_LEVEL.test(text)) {
      // The label right before the top level has no low line.
      const label = text.slice(dots.at(-1) + 1, dot)
      const lowLine = label.includes("_") ? dot - label.length + label.lastIndexOf("_") : -1
      found.push([Math.max(dots.at(-MOST_LABELS) ?? dots[0], lowLine) + 1, dot])
    }
    dots.push(dot)
  }
  return found
}

function linksIn(found) {
  const [, before, link, protocol, domain, path] = found
  const start = found.index + before.length
  if (!isDomain(domain)) return []
  if (lengthOf(link) + (protocol ?? PROTOCOL).length > LONGEST_LINK) return []
  if (protocol) return withProtocol(link, start)
  if (NOT_BEFORE_A_BARE_LINK.includes(before)) return []
  return bare(domain, path ? link.length - domain.length : 0, start)
}

// A link of X's own shortener ends with its code.
function withProtocol(link, start) {
  AT_SHORT_LINK.lastIndex = 0
  const short = AT_SHORT_LINK.exec(link)
  if (!short) return [[start, start + link.length]]
  return short[1].length <= LONGEST_SHORT_LINK ? [[start, start + short[0].length]] : []
}

// Only names of Latin letters are links without a protocol; the last takes the path along.
function bare(domain, pathLength, start) {
  const names = [...domain.matchAll(ASCII_DOMAINS)]
  return names.map((name, place) => {
    const end = start + name.index + name[0].length
    return [start + name.index, end + (place === names.length - 1 ? pathLength : 0)]
  })
}

function isDomain(domain) {
  if (!domain.split(".").every(isLabel)) return false
  return !domain.startsWith("xn--") || domain.search(ASCII_DOMAINS) >= 0
}

// Punycode makes none shorter, and takes the square of a length to count.
function isLabel(label) {
  return lengthOf(label) <= LONGEST_LABEL && asciiLength(label) <= LONGEST_LABEL
}

// How long the label is in DNS, where letters other than ASCII are written in Punycode.
function asciiLength(label) {
  const parts = label.split(DOTS)
  const lengths = parts.map((part) => (isAscii(part) ? part.length : 4 + punycodeLength(part)))
  return lengths.reduce((sum, length) => sum + length, parts.length - 1)
}

function isAscii(text) {
  return /^[\0-\x7f]*$/.test(text)
}

// RFC 3492, section 6.3, of which only the number of digits is wanted.
function punycodeLength(text) {
  const points = Array.from(text, (letter) => letter.codePointAt(0))
  const basic = points.filter((point) => point < 0x80).length
  let [delta, bias, handled, digits] = [0, 72, basic, basic ? basic + 1 : 0]
  let lowest = 0x80
  while (handled < points.length) {
    const next = Math.min(...points.filter((point) => point >= lowest))
    delta += (next - lowest) * (handled + 1)
    for (const point of points) {
      if (point < next) delta += 1
      if (point !== next) continue
      digits += digitsOf(delta, bias)
      bias = adapted(delta, handled + 1, handled === basic)
      delta = 0
      handled += 1
    }
    delta += 1
    lowest = next + 1
  }
  return digits
}

function digitsOf(delta, bias) {
  let digits = 1
  for (let base = 36; ; base += 36) {
    const threshold = Math.min(Math.max(base - bias, 1), 26)
    if (delta < threshold) return digits
    delta = Math.floor((delta - threshold) / (36 - threshold))
    digits += 1
  }
}

function adapted(delta, points, isFirst) {
  let rest = Math.floor(delta / (isFirst ? 700 : 2))
  rest += Math.floor(rest / points)
  let base = 0
  for (; rest > 455; base += 36) rest = Math.floor(rest / 35)
  return base + Math.floor((36 * rest) / (rest + 38))
}
