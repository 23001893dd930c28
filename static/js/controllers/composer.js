// Which reply path is chosen: a tab for each thread that can be answered, one for the note.
import { Controller } from "stimulus"
import { storedDraft } from "lib/drafts"

export default class extends Controller {
  static targets = ["tab", "panel"]
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
    this.#show(currentTarget.getAttribute("aria-controls"))
    this.#panel?.querySelector("textarea")?.focus()
  }

  step(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const tabs = this.tabTargets
    const next = tabs[(tabs.indexOf(event.currentTarget) + step + tabs.length) % tabs.length]
    this.#show(next.getAttribute("aria-controls"))
    next.focus()
  }

  reply() {
    if (this.chosen === "path-note") this.#show(this.defaultValue)
    this.#panel?.querySelector("textarea")?.focus()
  }

  // An old post may not be among those on offer; picking it puts it there.
  answer({ detail: { id, words } }) {
    this.#show("path-public")
    const select = this.#panel.querySelector("select")
    if (![...select.options].some(({ value }) => value === id)) select.add(new Option(words, id))
    select.value = id
    select.dispatchEvent(new Event("change", { bubbles: true }))
    this.#panel.querySelector("textarea")?.focus()
  }

  // The words go in front, once; Ctrl+Z takes them out again.
  greet({ params: { words } }) {
    const text = this.#panel.querySelector("textarea")
    text.focus()
    if (!text.value.startsWith(words)) text.setRangeText(words, 0, 0, "preserve")
    if (text.selectionStart < words.length) text.setSelectionRange(words.length, words.length)
    text.dispatchEvent(new Event("input", { bubbles: true }))
  }

  takeBack({ detail: { path } }) {
    this.#show(`path-${path}`)
    this.#panel?.querySelector("textarea")?.focus()
  }

  sendByKey(event) {
    // Out of the text and into the thread, where single keys are commands again.
    if (event.key === "Escape") document.getElementById("timeline")?.focus({ preventScroll: true })
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    event.target.form.requestSubmit()
  }

  mark() {
    for (const tab of this.tabTargets) {
      const path = tab.getAttribute("aria-controls").replace("path-", "")
      const draft = storedDraft(`${this.userValue}:${this.conversationValue}:${path}`)
      tab.toggleAttribute("data-draft", Boolean(draft?.text))
    }
  }

  // Callbacks

  forgetRefusals = () => {
    for (const refusal of this.element.querySelectorAll("[data-refusal]")) refusal.remove()
  }

  // Private

  #show(id) {
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
    return this.hadNoteOnly && !this.#hasNoteOnly && !this.#panel?.querySelector("textarea")?.value
  }

  get #hasNoteOnly() {
    return this.panelTargets.every(({ id }) => id === "path-note")
  }

  get #panel() {
    return this.panelTargets.find((panel) => panel.id === this.chosen)
  }
}
