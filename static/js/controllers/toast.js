// One toast: leaves by itself after a while, unless the reader is on it; Dismiss at any time.
import { Controller } from "stimulus"

export default class extends Controller {
  static values = { seconds: Number }

  connect() {
    if (this.secondsValue) this.#leaveLater()
  }

  disconnect() {
    clearTimeout(this.timer)
  }

  dismiss() {
    this.element.remove()
  }

  #leaveLater() {
    this.timer = setTimeout(() => {
      if (this.element.matches(":hover, :focus-within")) this.#leaveLater()
      else this.dismiss()
    }, this.secondsValue * 1000)
  }
}
