// The search box: asks without a reload, and takes the reader to what was found.
import { Controller } from "stimulus"

// Results come with a box of their own, which takes over from the one that asked.
let asking = false

export default class extends Controller {
  static targets = ["words", "leave"]

  connect() {
    if (!asking) return
    asking = false
    const first = document.querySelector("#rows .row-link")
    if (first) first.focus()
    else this.wordsTarget.select()
  }

  submit(event) {
    event.preventDefault()
    if (!this.wordsTarget.value.trim()) return this.leave(event)
    asking = true
    const place = `?${new URLSearchParams(new FormData(this.element))}`
    this.dispatch("asked", { detail: { place } })
  }

  leave(event) {
    event.preventDefault()
    this.wordsTarget.value = ""
    if (this.hasLeaveTarget) this.leaveTarget.click()
    else this.dispatch("left")
  }
}
