// The rows of the list under the keyboard: one is in the tab order, J and K move it, and the one
// whose conversation is open is marked.
import { Controller } from "stimulus"
import { openNumber, showPane } from "lib/desk"
import { conversationsWithDrafts, forgetGone } from "lib/drafts"

export default class extends Controller {
  static targets = ["row"]
  static values = { user: Number }

  // Lifecycle

  connect() {
    this.markDrafts()
    this.#rove(this.#current)
    this.#current?.scrollIntoView({ block: "nearest" })
  }

  // Actions

  next() {
    this.#move(1)
  }

  previous() {
    this.#move(-1)
  }

  focusCurrent() {
    showPane("list")
    this.#current?.focus()
  }

  // The list was drawn anew.
  follow() {
    this.#mark(openNumber())
    this.markDrafts()
  }

  // A conversation is being opened, or was closed (null).
  markOpen({ detail: { number } }) {
    this.#mark(number)
  }

  markDrafts() {
    const drafts = conversationsWithDrafts(this.userValue)
    for (const row of document.querySelectorAll("#rows > .row")) {
      row.toggleAttribute("data-draft", drafts.has(row.dataset.number))
    }
  }

  // Of a conversation that is not open: its draft was sent or emptied on another page. Now is asked.
  async forgetDraft({ detail: { number } }) {
    if (number === openNumber()) return
    const address = `/conversations/${number}/drafts/`
    const response = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null)
    if (!response?.ok) return
    forgetGone(this.userValue, number, (await response.json()).drafts)
    this.markDrafts()
  }

  // Private

  #mark(number) {
    for (const row of this.rowTargets) {
      const open = row.id === `row-link-${number}`
      if (open) row.setAttribute("aria-current", "true")
      else row.removeAttribute("aria-current")
      if (open) this.lastIndex = this.rowTargets.indexOf(row)
    }
    this.#rove(this.#current)
  }

  #rove(current) {
    for (const row of this.rowTargets) row.tabIndex = row === current ? 0 : -1
  }

  #move(step) {
    const rows = this.rowTargets
    if (!rows.length) return
    const from = rows.indexOf(this.#current)
    const held = rows.includes(document.activeElement) || rows.some((row) => row.ariaCurrent)
    // The row that was current may have left the list, as a resolved one does: go on from its place.
    const next = held ? from + step : (this.lastIndex ?? 0)
    this.lastIndex = Math.min(Math.max(next, 0), rows.length - 1)
    const row = rows[this.lastIndex]
    this.#rove(row)
    row.focus()
    row.scrollIntoView({ block: "nearest" })
  }

  get #current() {
    const rows = this.rowTargets
    return (
      rows.find((row) => row === document.activeElement) ??
      rows.find((row) => row.ariaCurrent === "true") ??
      rows.find((row) => row.tabIndex === 0) ??
      rows[0]
    )
  }
}
