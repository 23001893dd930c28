// Which reply path is chosen: a tab for each thread that can be answered, one for the note. Each keeps
// what is written in it; who would leave something behind is asked first.
import { Controller } from "stimulus"
import { draftKey, storedDraft } from "lib/drafts"
import { lastUndo, undoNext } from "lib/undo"

const isUnderWay = (form) => form.classList.contains("htmx-request")

// The browser's own undo has nothing to undo in an empty text, or would bring back what was sent, or
// take a letter from what is being sent.
const isUndo = ({ key, ctrlKey, metaKey, target }) => {
  return key === "z" && (ctrlKey || metaKey) && (target.value === "" || isUnderWay(target.form))
}

export default class extends Controller {
  static targets = ["tab", "panel", "question", "left", "there", "stay"]
  static values = { conversation: Number, user: Number, default: String }

  // Lifecycle

  connect() {
    this.#show(this.chosen ?? this.defaultValue)
    this.mark()
    this.element.addEventListener("htmx:beforeRequest", this.forgetRefusals)
  }

  disconnect() {
    this.element.removeEventListener("htmx:beforeRequest", this.forgetRefusals)
  }

  panelTargetConnected() {
    if (this.chosen) this.#show(this.#isFreed ? this.defaultValue : this.chosen)
  }

  panelTargetDisconnected(panel) {
    if (panel.id === this.chosen) this.#show(this.defaultValue)
  }

  // Actions

  choose({ currentTarget }) {
    this.#change(currentTarget.getAttribute("aria-controls"))
  }

  // With `invite`, to an answer in public that invites to write privately.
  go({ params: { path, invite } }) {
    this.#change(path, () => {
      const toggle = invite && this.#panel.querySelector("[data-offer-target=toggle]:not(:checked)")
      if (toggle) toggle.click()
      else this.#write()
    })
  }

  lead({ params: { message } }) {
    this.dispatch("lead", { detail: { id: message } })
  }

  leave() {
    const { id, then } = this.wanted
    this.#show(id)
    then()
  }

  stay() {
    this.#show(this.chosen)
    this.#write()
  }

  step(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const tabs = this.tabTargets
    const next = tabs[(tabs.indexOf(event.currentTarget) + step + tabs.length) % tabs.length]
    this.#change(next.getAttribute("aria-controls"), () => next.focus())
  }

  reply() {
    this.#change(this.chosen === "path-note" ? this.defaultValue : this.chosen)
  }

  // An old post may not be among those on offer; picking it puts it there.
  answer({ detail }) {
    this.#change("path-public", () => this.#answerPost(detail))
  }

  // The words go in front, once; Ctrl+Z takes them out again.
  greet({ params: { words } }) {
    const text = this.#text
    text.focus()
    if (!text.value.startsWith(words)) text.setRangeText(words, 0, 0, "preserve")
    if (text.selectionStart < words.length) text.setSelectionRange(words.length, words.length)
    text.dispatchEvent(new Event("input", { bubbles: true }))
  }

  takeBack({ detail: { path } }) {
    this.#change(`path-${path}`)
  }

  sendByKey(event) {
    if (isUndo(event)) this.#undo(event)
    // Out of the text and into the thread, where single keys are commands again.
    if (event.key === "Escape") document.getElementById("timeline")?.focus({ preventScroll: true })
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    event.target.form.requestSubmit()
  }

  mark() {
    for (const tab of this.tabTargets) {
      const path = tab.getAttribute("aria-controls").replace("path-", "")
      const draft = storedDraft(draftKey(this.userValue, this.conversationValue, path))
      tab.toggleAttribute("data-draft", Boolean(draft?.text))
    }
  }

  // Callbacks

  // Whatever is sent; not what is asked or done beside it.
  forgetRefusals = ({ target }) => {
    if (target.hasAttribute("data-aside")) return
    for (const refusal of this.element.querySelectorAll("[data-refusal]")) refusal.remove()
  }

  // Private

  // How it is asked: by the name of what is left, and of what is gone to.
  #change(id, then = () => this.#write()) {
    this.wanted = { id, then }
    if (id === this.chosen || !this.#text?.value.trim()) return this.leave()
    this.leftTarget.textContent = this.#named(this.chosen)
    this.thereTarget.textContent = this.#named(id)
    this.questionTarget.hidden = false
    this.stayTarget.focus()
  }

  #answerPost({ id, words }) {
    const select = this.#panel.querySelector("select")
    if (![...select.options].some(({ value }) => value === id)) select.add(new Option(words, id))
    select.value = id
    select.dispatchEvent(new Event("change", { bubbles: true }))
    this.#write()
  }

  #named(id) {
    const tab = this.tabTargets.find((one) => one.getAttribute("aria-controls") === id)
    return tab?.dataset.name ?? ""
  }

  #undo(event) {
    if (isUnderWay(event.target.form)) return this.#undoOnceSent(event)
    const undo = lastUndo()
    if (!undo) return
    event.preventDefault()
    undo.click()
  }

  // What could be undone before is not what is meant.
  #undoOnceSent(event) {
    event.preventDefault()
    const { form } = event.target
    const before = lastUndo()
    const sent = ({ detail: { elt, successful } }) => {
      if (elt !== form) return
      form.removeEventListener("htmx:afterRequest", sent)
      if (successful) undoNext(before, form)
    }
    form.addEventListener("htmx:afterRequest", sent)
  }

  #write() {
    this.#text?.focus()
  }

  #show(id) {
    this.questionTarget.hidden = true
    this.chosen = this.panelTargets.some((panel) => panel.id === id) ? id : "path-note"
    this.hadNoteOnly = this.#hasNoteOnly
    for (const panel of this.panelTargets) panel.hidden = panel.id !== this.chosen
    for (const tab of this.tabTargets) {
      const selected = tab.getAttribute("aria-controls") === this.chosen
      tab.setAttribute("aria-selected", selected)
      tab.tabIndex = selected ? 0 : -1
    }
  }

  // Nobody chose the note while there was nothing else, unless they are writing one.
  get #isFreed() {
    return this.hadNoteOnly && !this.#hasNoteOnly && !this.#text?.value
  }

  get #hasNoteOnly() {
    return this.panelTargets.every(({ id }) => id === "path-note")
  }

  get #text() {
    return this.#panel?.querySelector("textarea")
  }

  get #panel() {
    return this.panelTargets.find((panel) => panel.id === this.chosen)
  }
}
