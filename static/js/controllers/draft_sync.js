// Keeps on the server what `draft` keeps in this browser, so that it waits on other machines, too. One
// request at a time, and each names the version that it takes the place of: what was gone on with
// elsewhere is shown, never written over. What the server can't be told stays in this browser until
// it can.
import { Controller } from "stimulus"
import { openNumber } from "lib/desk"
import { reportFailure } from "lib/failures"
import { headers } from "lib/headers"
import { toast } from "lib/toast"

const PAUSE = 1200
const AGAIN = 10_000

export default class extends Controller {
  static targets = ["elsewhere", "words", "unsent"]
  static values = { url: String, mode: String, held: Object }

  // Lifecycle

  initialize() {
    this.draft = this.application.getControllerForElementAndIdentifier(this.element, "draft")
  }

  connect() {
    window.addEventListener("pagehide", this.flush)
    window.addEventListener("online", this.resume)
    document.addEventListener("visibilitychange", this.resume)
    if (this.draft.unsaved) this.#save()
  }

  disconnect() {
    window.removeEventListener("pagehide", this.flush)
    window.removeEventListener("online", this.resume)
    document.removeEventListener("visibilitychange", this.resume)
    this.flush()
  }

  // The page was drawn anew. It may be older than the answer to our last request.
  heldValueChanged(held) {
    if (!this.#isFree) return
    if (held.version > this.draft.version) this.draft.take(held)
    else if (!held.version && this.draft.version) this.#ask()
  }

  // Actions

  // An emptied draft goes at once.
  soon() {
    if (!this.draft.unsaved) return
    if (!this.draft.current.text) this.#save()
    else this.timer ??= setTimeout(() => this.#save(), PAUSE)
  }

  // A reply or a note was taken; or it was not, or was and the answer got lost: the server knows.
  settle({ detail: { successful } }) {
    this.unanswered = null
    if (!successful) return this.#save()
    this.#hide()
    this.#forgetTimer()
    this.soon()
  }

  // It was sent or emptied on another page. What is typed here alone stays.
  leave({ detail: { number } }) {
    if (number === openNumber() && this.draft.version && this.#isFree) this.#ask()
  }

  // Which of the two is meant is asked before either is sent.
  hold(event) {
    if (event.detail.elt !== this.element || !this.other) return
    event.preventDefault()
    this.unsentTarget.hidden = false
    this.elsewhereTarget.focus()
  }

  // What this page had, so that words which only another one has aren't taken for sent.
  tell({ detail: { elt, parameters } }) {
    if (elt !== this.element) return
    parameters.since = this.draft.version
    parameters.unheard = this.draft.unheard
  }

  takeElsewhere() {
    this.draft.take(this.other)
    this.#hide()
  }

  keepHere() {
    this.draft.version = this.other.version
    this.#hide()
    this.#save()
  }

  // Callbacks

  resume = () => {
    if (document.hidden) return
    if (this.draft.unsaved) this.#save()
    else if (this.#isFree) this.#ask()
  }

  // The page goes: nobody will hear the answer.
  flush = () => {
    this.#forgetTimer()
    if (this.draft.unsaved && !this.other) this.#post(this.draft.current, true).catch(() => {})
  }

  // Private: telling the server

  // What was asked and not answered is asked again, as it was: perhaps it was done.
  async #save() {
    this.#forgetTimer()
    if (this.isSaving || this.other || this.draft.isUnderWay) return
    this.isSaving = true
    const draft = (this.unanswered ??= this.draft.current)
    this.draft.unheard = draft.text
    try {
      await this.#heed(draft, await this.#post(draft))
    } catch {
      this.#later()
    } finally {
      this.isSaving = false
    }
  }

  async #heed(draft, response) {
    if (![200, 409, 422].includes(response.status)) return this.#later(response.status)
    const said = await response.json()
    if (!this.element.isConnected) return
    this.unanswered = null
    this.draft.unheard = ""
    this.wasSignedOut = false
    // Sent or begun anew meanwhile: no word of this answer is about what is written now.
    if (draft.clientKey !== this.draft.current.clientKey) return this.#next()
    if (response.ok) this.#keep(draft, said.version)
    else if (response.status === 422) this.#tooLong(draft, said.wrong)
    else if ("rest" in said) this.#wasSent(draft, said)
    else if ("draft" in said) this.#differs(said)
    else if ("merged" in said) this.#again()
  }

  // As if the page had been drawn with it, so that a later one without it says something new.
  #keep(draft, version) {
    this.draft.kept(draft, version)
    this.heldValue = version ? { ...draft, version } : {}
    this.#next()
  }

  #next() {
    setTimeout(() => this.element.isConnected && this.soon())
  }

  // The conversation went into another meanwhile: the same address leads there by now.
  #again() {
    setTimeout(() => this.element.isConnected && this.#save())
  }

  #tooLong(draft, wrong) {
    if (draft.text !== this.draft.current.text) return this.#next()
    toast(wrong, { tone: "warning", seconds: 12 })
  }

  // From elsewhere, or from here and the answer was lost.
  #wasSent(draft, { rest, differs }) {
    const { text } = this.draft.current
    const left = text.startsWith(draft.text) ? rest + text.slice(draft.text.length) : text
    this.draft.beginAnew(left.trimStart())
    const what = differs ? "Other words than these were sent already" : "This was sent already, once"
    const also = left ? " What you wrote since is a draft of its own." : ""
    toast(`${what}.${also}`, { tone: differs ? "warning" : "info", seconds: 12 })
  }

  #differs({ draft, version }) {
    if (draft) return this.#show(draft)
    // Emptied elsewhere: what is typed here is all there is.
    this.draft.version = version
    this.#next()
  }

  #later(status = 0) {
    if (status === 401 && !this.wasSignedOut) reportFailure(401)
    if (status === 403) window.dispatchEvent(new CustomEvent("failure", { detail: { status } }))
    this.wasSignedOut ||= status === 401
    if (status !== 404 && this.element.isConnected) this.timer ??= setTimeout(() => this.#save(), AGAIN)
  }

  #post({ text, clientKey, answering, seen, version, unheard }, keepalive = false) {
    const said = { mode: this.modeValue, text, client_key: clientKey, since: version, unheard }
    return fetch(this.urlValue, {
      method: "POST",
      headers: headers(),
      body: new URLSearchParams({ ...said, answering, seen_through: seen }),
      keepalive,
    })
  }

  // Private: hearing of elsewhere

  // Nothing is held any more, says a page that may be old; now is asked.
  async #ask() {
    const { version } = this.draft
    const response = await fetch(this.urlValue, { headers: { "HX-Request": "true" } }).catch(() => null)
    if (!response?.ok) return
    const held = (await response.json()).drafts[this.modeValue]
    if (!this.#isFree || this.draft.version !== version) return
    if (held) this.heldValue = held
    else if (version) this.draft.beginAnew()
  }

  #show(other) {
    this.other = other
    this.wordsTarget.textContent = other.text
    this.elsewhereTarget.hidden = false
  }

  #hide() {
    this.other = null
    this.elsewhereTarget.hidden = this.unsentTarget.hidden = true
  }

  #forgetTimer() {
    clearTimeout(this.timer)
    this.timer = null
  }

  // Nothing is written here that the server does not have.
  get #isFree() {
    const { unsaved, isUnderWay } = this.draft
    return !(unsaved || isUnderWay || this.isSaving || this.other)
  }
}
