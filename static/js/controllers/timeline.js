// Stays at the newest message while the reader is there; says so when they are further up.
import { Controller } from "stimulus"

const NEAR = 48

export default class extends Controller {
  static values = { newest: Number }

  connect() {
    this.atEnd = true
    this.toEnd()
    this.observer = new ResizeObserver(() => this.atEnd && this.toEnd())
    this.observer.observe(this.element)
    this.observer.observe(this.element.firstElementChild)
  }

  disconnect() {
    this.observer.disconnect()
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.element
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR
    if (this.atEnd) this.#flag(false)
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight
    this.atEnd = true
    this.#flag(false)
  }

  newestValueChanged(newest, before) {
    if (before && newest > before && !this.atEnd) this.#flag(true)
  }

  #flag(shown) {
    const flag = document.getElementById("timeline-new")
    if (flag) flag.hidden = !shown
  }
}
