// Other words for a message that waits. While it is open, what others do leaves it alone.
import { Controller } from "stimulus"

export default class extends Controller {
  static targets = ["text", "stopped"]

  // Actions

  hold() {
    this.element.toggleAttribute("data-keep", this.element.open)
    if (this.element.open) this.textTarget.focus()
  }

  close() {
    this.textTarget.value = this.textTarget.defaultValue
    this.forget()
    this.#release()
  }

  // What a guard said is of the words before.
  forget() {
    this.stoppedTarget.replaceChildren()
  }

  // Before the answer is merged. What could not be taken stays open, as it was typed.
  settle({ detail: { xhr } }) {
    if (xhr.status === 200 || xhr.status === 409) this.#release()
  }

  // Private

  #release() {
    this.element.open = false
    this.element.removeAttribute("data-keep")
  }
}
