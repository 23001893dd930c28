// What somebody typed and has not sent, in this browser, by person, conversation and reply path.
const PREFIX = "handled:draft:"

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

// Numbers of the conversations in which `user` has something unsent.
export function conversationsWithDrafts(user) {
  const numbers = new Set()
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(`${PREFIX}${user}:`)) continue
    const stored = key.slice(PREFIX.length)
    if (storedDraft(stored)?.text) numbers.add(stored.split(":")[1])
  }
  return numbers
}
