// How long X counts a public post, as twitter-text does: most letters 1, CJK and emoji 2, any
// address 23. An estimate while typing; the server's number decides.
const LIMIT_LIGHT = [
  [0, 4351],
  [8192, 8205],
  [8208, 8223],
  [8242, 8247],
]
const LEADING_MENTIONS = /^(?:@\w{1,15}\s+)+/
const ADDRESS = /https?:\/\/[^\s<>"']+|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|co|gov|edu|info|app|dev|ai|uk|de|fr|eu|me|tv)\b(?:\/[^\s<>"']*)?/giu
const EMOJI = emojiPattern()

export function replyWeight(text) {
  const body = text.normalize("NFC").replace(LEADING_MENTIONS, "")
  let weight = 0
  const rest = body
    .replace(ADDRESS, () => ((weight += 23), ""))
    .replace(EMOJI, () => ((weight += 2), ""))
  for (const letter of rest) weight += isLight(letter.codePointAt(0)) ? 1 : 2
  return weight
}

function isLight(code) {
  return LIMIT_LIGHT.some(([from, to]) => code >= from && code <= to)
}

function emojiPattern() {
  try {
    return new RegExp("\\p{RGI_Emoji}", "gv")
  } catch {
    return /\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic})*/gu
  }
}
