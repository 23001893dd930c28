// Keeps the focus where the reader had it. The control that was used may be gone, as Claim is once
// claimed: then the thread has it.
import { Controller } from "stimulus"

export default class extends Controller {
  hold({ target }) {
    this.held = target
  }

  keep({ detail: { requestConfig } }) {
    if (requestConfig?.verb === "get") return
    if (document.activeElement !== document.body || !this.held) return
    const same = this.held.id && document.getElementById(this.held.id)
    const next = same && !same.disabled ? same : document.getElementById("timeline")
    next?.focus({ preventScroll: true })
  }
}
