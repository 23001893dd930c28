// Other words for a message that waits. While it is open, what others do leaves it alone; that the
// message waits no longer is said in it, and then what is typed can go where one writes.
import { Controller } from "stimulus"

const BECAME = {
  sending: "It is on its way to X as it stands above.",
  sent: "It was sent as it stands above.",
  uncertain: "It was handed to X as it stands above.",
  failed: "It was not sent, and waits no longer.",
  cancelled: "It was taken back meanwhile.",
}

export default class extends Controller {
  static targets = ["summary", "text", "stopped", "became", "what", "save", "move", "leave"]

  // Lifecycle

  connect() {
    this.observer = new MutationObserver(() => this.#look())
    this.observer.observe(this.#message, { attributeFilter: ["class"] })
    this.#look()
  }

  disconnect() {
    this.observer.disconnect()
  }

  // Actions

  hold() {
    this.element.toggleAttribute("data-keep", this.element.open)
    if (this.element.open) this.textTarget.focus()
  }

  saveByKey(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    this.textTarget.form.requestSubmit()
  }

  // Once where nothing was changed, else by way of the button that says so.
  escape({ target }) {
    if (this.#isChanged && target !== this.leaveTarget) this.leaveTarget.focus()
    else this.close()
  }

  close() {
    this.textTarget.value = this.textTarget.defaultValue
    this.forget()
    this.#release()
    if (this.#state) this.element.remove()
    else this.summaryTarget.focus()
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

  // A message that X took no more of for now waits again.
  #look() {
    const state = this.#state
    this.becameTarget.hidden = this.moveTarget.hidden = !state
    this.summaryTarget.hidden = this.saveTarget.hidden = Boolean(state)
    this.whatTarget.textContent = BECAME[state] ?? ""
    if (state) this.forget()
  }

  #release() {
    this.element.open = false
    this.element.removeAttribute("data-keep")
  }

  // Of one that waits no longer, what became of it.
  get #state() {
    return Object.keys(BECAME).find((state) => this.#message.matches(`.message-${state}`))
  }

  get #isChanged() {
    return this.textTarget.value !== this.textTarget.defaultValue
  }

  get #message() {
    return this.element.parentElement
  }
}
