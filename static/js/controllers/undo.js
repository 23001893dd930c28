// Counts down while a reply can still be taken back. The server says how long, as a length of time:
// clocks that differ or jump change nothing.
import { Controller } from "stimulus"

export default class extends Controller {
  static targets = ["left"]
  static values = { milliseconds: Number }

  disconnect() {
    clearTimeout(this.timer)
  }

  millisecondsValueChanged(milliseconds) {
    this.endsAt = performance.now() + milliseconds
    this.#count()
  }

  #count() {
    clearTimeout(this.timer)
    const left = this.endsAt - performance.now()
    this.leftTarget.textContent = Math.max(0, Math.ceil(left / 1000))
    this.element.toggleAttribute("data-over", left <= 0)
    if (left > 0) this.timer = setTimeout(() => this.#count(), left % 1000 || 1000)
  }
}
