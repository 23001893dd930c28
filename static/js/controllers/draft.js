// Keeps what is being typed through navigation, reloads and refused requests, and gives each draft
// the one key under which the server takes it once. It knows what its author had seen when they
// began: what came since is said at once, and shown by the server before it sends. `draft-sync` keeps
// it on the server; `version` is what was there when these words began to differ from it, 0: nothing;
// `unheard` are words that the server was told and perhaps did not get.
import { Controller } from "stimulus"
import { isDraftKey, storeDraft, storedDraft, withWordsBack } from "lib/drafts"
import { toast } from "lib/toast"
import { uuid } from "lib/uuid"

export default class extends Controller {
  static targets = ["text", "clientKey", "seen", "since", "who"]
  // `news` differs whenever the conversation does.
  static values = { key: String, news: Number }

  version = 0
  unsaved = false
  unheard = ""
  isUnderWay = false

  // Lifecycle

  connect() {
    this.#restore()
    this.element.addEventListener("htmx:beforeRequest", this.sending)
    this.element.addEventListener("htmx:afterRequest", this.settled)
    window.addEventListener("storage", this.changedElsewhere)
  }

  disconnect() {
    this.element.removeEventListener("htmx:beforeRequest", this.sending)
    this.element.removeEventListener("htmx:afterRequest", this.settled)
    window.removeEventListener("storage", this.changedElsewhere)
  }

  // The messages were drawn before.
  newsValueChanged() {
    this.#tellNews()
  }

  // Actions

  save() {
    const text = this.textTarget.value
    if (!text || !this.begun) this.#see()
    this.begun = Boolean(text)
    this.unsaved = Boolean(text || this.version || this.unheard)
    this.#store()
    this.dispatch("typed")
  }

  // They look at what came since they began.
  review({ currentTarget }) {
    this.#see()
    this.save()
    currentTarget.closest("[data-refusal]")?.remove()
    this.dispatch("review")
  }

  // A reply of this path was taken back before it was sent.
  takeBack({ detail }) {
    this.#put(withWordsBack(this.current, detail))
    this.save()
  }

  // For draft-sync

  get current() {
    return {
      text: this.textTarget.value,
      clientKey: this.clientKeyTarget.value,
      answering: this.#select?.value ?? "",
      seen: this.#seen?.value ?? "",
      version: this.version,
      unsaved: this.unsaved,
      unheard: this.unheard,
    }
  }

  // The server has `draft` as this version, and perhaps not yet what was typed since.
  kept(draft, version) {
    this.version = version
    this.unsaved = !isSame(draft, this.current)
    this.#store()
  }

  // It was gone on with elsewhere.
  take(draft) {
    this.#put(draft)
    this.#store()
  }

  // It was sent or emptied elsewhere. `rest` is what only this page has.
  beginAnew(rest = "") {
    this.#put({ text: rest, clientKey: uuid() })
    this.save()
  }

  // Callbacks

  sending = ({ detail }) => {
    if (detail.elt !== this.element) return
    this.isUnderWay = true
    this.sent = this.textTarget.value
  }

  settled = ({ detail }) => {
    if (detail.elt !== this.element) return
    this.isUnderWay = false
    // What was typed while it was under way begins the next draft.
    if (detail.successful) this.beginAnew(restOf(this.textTarget.value, this.sent))
    this.dispatch("settled", { detail: { successful: detail.successful } })
  }

  changedElsewhere = ({ key, newValue }) => {
    if (!isDraftKey(key, this.keyValue) || this.textTarget.matches(":focus")) return
    const draft = newValue ? JSON.parse(newValue) : { text: "", clientKey: uuid() }
    this.#put({ ...draft, unsaved: false })
  }

  // Private

  #restore() {
    const draft = storedDraft(this.keyValue)
    if (draft && !this.textTarget.value) this.#put(draft)
    if (!this.clientKeyTarget.value) this.clientKeyTarget.value = uuid()
  }

  #put({ text, clientKey, answering, seen, version = 0, unsaved = false, unheard = "" }) {
    if (this.textTarget.value !== text) this.textTarget.value = text
    this.clientKeyTarget.value = clientKey
    this.version = version
    this.unsaved = unsaved
    this.unheard = unheard
    this.begun = Boolean(text && seen)
    if (this.begun && this.#seen) this.#seen.value = seen
    const select = this.#select
    if (select && [...select.options].some(({ value }) => value === answering)) select.value = answering
    this.dispatch("changed", { detail: { written: Boolean(text) } })
    this.dispatch("restored")
    this.#tellNews()
  }

  // One that was emptied is remembered until the server has heard of it.
  #store() {
    const draft = this.current
    const isWorthIt = draft.text || (draft.unsaved && (draft.version || draft.unheard))
    if (!storeDraft(this.keyValue, isWorthIt ? draft : null)) {
      toast("This browser keeps no drafts: it has no room, or forbids it.", { tone: "warning" })
    }
    this.dispatch("changed", { detail: { written: Boolean(draft.text) } })
    this.#tellNews()
  }

  // Who wrote since they began: what the server would say of it (`inbox.guards.news`), before Send.
  #tellNews() {
    if (!this.hasSinceTarget) return
    const newer = this.textTarget.value ? [...document.querySelectorAll("#timeline [data-news]")] : []
    const came = newer.filter(({ dataset }) => Number(dataset.messageId) > Number(this.#seen.value))
    const last = came.findLast((message) => message.matches(".message-ours")) ?? came.at(-1)
    this.sinceTarget.hidden = !last
    if (last) this.whoTarget.textContent = last.dataset.news
  }

  #see() {
    if (this.#seen) this.#seen.value = document.getElementById("conversation").dataset.newest
  }

  // A note has none: it is for whoever reads it, whenever.
  get #seen() {
    return this.hasSeenTarget ? this.seenTarget : null
  }

  get #select() {
    return this.element.querySelector("select")
  }
}

function isSame(one, other) {
  return ["text", "clientKey", "answering", "seen"].every((name) => one[name] === other[name])
}

// Cut between words only: "It is 50" says more than what follows on "It is 5".
function restOf(text, sent) {
  const since = text.startsWith(sent) ? text.slice(sent.length) : text
  return since === "" || /^\s/.test(since) || /\s$/.test(sent) ? since.trimStart() : text
}
