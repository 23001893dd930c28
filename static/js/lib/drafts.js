// What somebody typed and has not sent, in this browser, by person, conversation and reply path.
import { uuid } from "lib/uuid"

const PREFIX = "handled:draft:"

export function draftKey(user, number, path) {
  return `${user}:${number}:${path}`
}

export function storedDraft(key) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key))
  } catch {
    return null
  }
}

// False when the browser refuses to keep it.
export function storeDraft(key, draft) {
  try {
    if (draft) localStorage.setItem(PREFIX + key, JSON.stringify(draft))
    else localStorage.removeItem(PREFIX + key)
    return true
  } catch {
    return false
  }
}

export function isDraftKey(storageKey, key) {
  return storageKey === PREFIX + key
}

// A draft, or none, with the words of a reply that was taken back: they come first, what was typed
// since follows. It stays the same draft, so that a save of it that is under way is known as a part
// of it. One that still has the key of the reply is what was sent: it is a new one from here.
export function withWordsBack(draft, { text, answering, clientKey }) {
  const { text: since = "", clientKey: own = uuid(), version = 0, unheard = "" } = draft ?? {}
  const isReply = own === clientKey
  const words = isReply && since.startsWith(text) ? since : [text, since].filter(Boolean).join("\n\n")
  if (isReply) return { text: words, clientKey: uuid(), answering }
  return { text: words, clientKey: own, answering, version, unheard }
}

// Of a conversation, what the server had and has no more, by the modes that it has. What it never
// had stays.
export function forgetGone(user, number, held) {
  for (const key of keysOf(`${user}:${number}:`)) {
    const { version, unsaved } = storedDraft(key) ?? {}
    if (version && !unsaved && !(key.split(":")[2] in held)) storeDraft(key, null)
  }
}

// Numbers of the conversations in which `user` has something unsent.
export function conversationsWithDrafts(user) {
  const numbers = new Set()
  for (const key of keysOf(`${user}:`)) {
    if (storedDraft(key)?.text) numbers.add(key.split(":")[1])
  }
  return numbers
}

function keysOf(beginning) {
  const all = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX + beginning))
  return all.map((key) => key.slice(PREFIX.length))
}
