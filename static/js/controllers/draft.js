// Keeps what is being typed through navigation, reloads and refused requests, and gives each draft
// the one key under which the server takes it once. It knows what its author had seen when they
// began: what came since, the server shows them before it sends.
import { Controller } from "stimulus"
import { isDraftKey, storeDraft, storedDraft } from "lib/drafts"
import { toast } from "lib/toast"
import { uuid } from "lib/uuid"

export default class extends Controller {
  static targets = ["text", "clientKey", "seen"]
  static values = { key: String }

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

  // Actions

  save() {
    const text = this.textTarget.value
    if (!text || !this.begun) this.#see()
    this.begun = Boolean(text)
    const clientKey = this.clientKeyTarget.value
    const draft = { text, clientKey, answering: this.#select?.value, seen: this.#seen?.value }
    if (!storeDraft(this.keyValue, text ? draft : null)) {
      toast("This browser keeps no drafts: it has no room, or forbids it.", { tone: "warning" })
    }
    this.dispatch("changed", { detail: { written: Boolean(text) } })
  }

  // They look at what came since they began.
  review({ currentTarget }) {
    this.#see()
    this.save()
    currentTarget.closest("[data-refusal]").remove()
    this.dispatch("review")
  }

  // A reply was taken back before it was sent: its words come first, what was typed since follows.
  takeBack({ detail: { path, text, answering } }) {
    if (this.element.id !== `path-${path}-form`) return
    const since = this.textTarget.value
    this.#take({ text: since ? `${text}\n\n${since}` : text, clientKey: uuid(), answering })
    this.save()
  }

  // Callbacks

  sending = ({ detail }) => {
    if (detail.elt === this.element) this.sent = this.textTarget.value
  }

  settled = ({ detail }) => {
    if (detail.elt !== this.element || !detail.successful) return
    const text = this.textTarget.value
    // What was typed while it was under way begins the next draft.
    this.textTarget.value = text.startsWith(this.sent) ? text.slice(this.sent.length).trimStart() : text
    this.clientKeyTarget.value = uuid()
    this.begun = false
    this.save()
    this.dispatch("restored")
  }

  changedElsewhere = ({ key, newValue }) => {
    if (!isDraftKey(key, this.keyValue) || this.textTarget.matches(":focus")) return
    const draft = newValue ? JSON.parse(newValue) : { text: "", clientKey: uuid() }
    this.#take(draft)
  }

  // Private

  #restore() {
    const draft = storedDraft(this.keyValue)
    if (draft && !this.textTarget.value) this.#take(draft)
    if (!this.clientKeyTarget.value) this.clientKeyTarget.value = uuid()
  }

  #take({ text, clientKey, answering, seen }) {
    this.textTarget.value = text
    this.clientKeyTarget.value = clientKey
    this.begun = Boolean(text && seen)
    if (this.begun && this.#seen) this.#seen.value = seen
    const select = this.#select
    if (select && [...select.options].some(({ value }) => value === answering)) select.value = answering
    this.dispatch("changed", { detail: { written: Boolean(text) } })
    this.dispatch("restored")
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
