// Stays at the newest message while the reader is there; says so when they are further up. Only who
// goes up leaves the end: what grew below them since they were there did not move them. An address that
// names one message leads to that.
import { Controller } from "stimulus"

const NEAR = 48

export default class extends Controller {
  static values = { newest: Number }

  connect() {
    this.atEnd = true
    if (!this.toNamed()) this.toEnd()
    this.observer = new ResizeObserver(() => this.atEnd && this.toEnd())
    this.observer.observe(this.element)
    this.observer.observe(this.element.firstElementChild)
  }

  disconnect() {
    this.observer.disconnect()
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.element
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR
    this.atEnd = isNear || (this.atEnd && scrollTop >= this.top)
    this.top = scrollTop
    if (this.atEnd) this.#flag(false)
  }

  toNamed() {
    return this.#lead(window.location.hash.slice(1))
  }

  toMessage({ detail: { id } }) {
    this.#lead(id)
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight
    this.top = this.element.scrollTop
    this.atEnd = true
    this.#flag(false)
  }

  review() {
    this.toEnd()
    this.element.focus({ preventScroll: true })
  }

  newestValueChanged(newest, before) {
    if (before && newest > before && !this.atEnd) this.#flag(true)
  }

  #lead(id) {
    const named = document.getElementById(id)
    if (!named || !this.element.contains(named)) return false
    named.tabIndex = -1
    named.focus({ preventScroll: true })
    this.atEnd = false
    named.scrollIntoView({ block: "center" })
    this.scrolled()
    return true
  }

  #flag(shown) {
    const flag = document.getElementById("timeline-new")
    if (flag) flag.hidden = !shown
  }
}
