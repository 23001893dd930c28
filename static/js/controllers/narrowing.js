// A menu that what is typed in it narrows: to the items whose word begins with it or, where none does,
// has it somewhere. What was typed and found nothing is not lost: it is given to who opened the menu.
import { Controller } from "stimulus"

const OPENER = "/"

export default class extends Controller {
  static targets = ["item", "typed", "status"]
  static values = { one: String, many: String, none: String }

  // Lifecycle

  initialize() {
    this.typed = ""
  }

  // Actions

  // By a stroke, before the next key comes.
  begin() {
    this.#narrow(OPENER)
  }

  type(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (event.key === "Enter" && event.target === this.element) return event.preventDefault()
    const done = this.#deed(event.key)
    if (!done) return
    event.preventDefault()
    event.stopPropagation()
    done()
  }

  chosen() {
    this.typed = ""
  }

  // A click elsewhere, too; a lone stroke said nothing but that the menu should open.
  closing({ newState }) {
    if (newState === "open") return
    const left = this.typed === OPENER ? "" : this.typed
    this.#forget()
    this.#give(left)
  }

  // Private

  #deed(key) {
    if (key === "Escape") return () => this.#leave(this.typed)
    if (key === "Backspace") return () => this.#widen()
    if (key === OPENER && this.typed === OPENER) return () => this.#leave(OPENER)
    if (key === " ") return this.#left.length ? null : () => this.#leave(`${this.typed} `)
    return [...key].length === 1 ? () => this.#narrow(this.typed + key) : null
  }

  #widen() {
    if (this.typed === OPENER) this.#leave("")
    else this.#narrow(this.typed.slice(0, -1))
  }

  #leave(words) {
    this.typed = ""
    this.element.hidePopover()
    this.#give(words)
  }

  #give(words) {
    if (words) this.dispatch("left", { detail: { words } })
  }

  #narrow(typed) {
    this.#show(typed)
    const { length } = this.#left
    this.typedTarget.textContent = typed
    this.statusTarget.textContent = length ? this.#count(length) : `${this.noneValue} /${word(typed)}`
    const focused = this.#left[0] ?? this.element
    focused.focus()
    this.dispatch("narrowed")
  }

  #forget() {
    this.#show("")
    this.typedTarget.textContent = ""
    this.statusTarget.textContent = ""
  }

  #show(typed) {
    this.typed = typed
    const begun = this.itemTargets.filter((item) => item.dataset.word.startsWith(word(typed)))
    const suits = (item) => (begun.length ? begun.includes(item) : item.dataset.word.includes(word(typed)))
    for (const item of this.itemTargets) item.hidden = !suits(item)
  }

  #count(length) {
    return length === 1 ? this.oneValue : this.manyValue.replace("#", length)
  }

  get #left() {
    return this.itemTargets.filter((item) => !item.hidden)
  }
}

function word(typed) {
  return typed.replace(OPENER, "").toLowerCase()
}
