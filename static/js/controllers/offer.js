// A public answer that is more than an answer: shows what will be published, and weighs it whole.
import { Controller } from "stimulus"

export default class extends Controller {
  static targets = ["toggle", "preview", "words"]

  // Lifecycle

  connect() {
    this.element.addEventListener("htmx:afterRequest", this.settled)
  }

  disconnect() {
    this.element.removeEventListener("htmx:afterRequest", this.settled)
  }

  // Another offer took the place of the one that was there.
  toggleTargetConnected() {
    this.show()
  }

  // Actions

  // Where nothing is written yet, the suggested words are.
  toggle() {
    const text = this.#text
    if (this.toggleTarget.checked && !text.value.trim()) {
      text.value = this.previewTarget.dataset.words
      text.dispatchEvent(new Event("input", { bubbles: true }))
    }
    this.show()
    text.focus()
  }

  show() {
    const { checked } = this.toggleTarget
    this.previewTarget.hidden = !checked
    this.wordsTarget.textContent = this.#text.value.trim()
    this.element.dataset.counterTailValue = checked ? this.previewTarget.dataset.link : ""
  }

  // Callbacks

  settled = ({ detail }) => {
    if (detail.elt !== this.element || !detail.successful || !this.hasToggleTarget) return
    this.toggleTarget.checked = false
    this.show()
  }

  // Private

  get #text() {
    return this.element.querySelector("textarea")
  }
}
