// Single keys, when no field has the focus. Never Alt+letter: those are letters in many languages.
// A key clicks the visible control that names it in data-shortcut, or is said as an event.
import { Controller } from "stimulus"
import { lastUndo } from "lib/undo"

const SWITCH = "handled:shortcuts"
const SAID = {
  j: "next",
  k: "previous",
  r: "reply",
  "/": "search",
  "?": "help",
  Escape: "back",
}

export default class extends Controller {
  connect() {
    document.addEventListener("keydown", this.press)
    this.switch = document.querySelector("[data-shortcuts-switch]")
    if (!this.switch) return
    this.switch.checked = this.#on
    this.switch.addEventListener("change", this.toggle)
  }

  disconnect() {
    document.removeEventListener("keydown", this.press)
    this.switch?.removeEventListener("change", this.toggle)
  }

  toggle = () => {
    localStorage.setItem(SWITCH, this.switch.checked ? "on" : "off")
  }

  press = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target.closest("input, textarea, select, dialog, [contenteditable], [popover]")) return
    if (!this.#on && event.key !== "Escape") return
    const named = this.#named(event.key)
    const said = SAID[event.key]
    if (!named && !said) return
    event.preventDefault()
    if (named) named.click()
    else if (said === "help") document.getElementById("shortcuts-help")?.showModal()
    else this.dispatch(said, { target: window })
  }

  #named(key) {
    if (key === "z") return lastUndo()
    const all = document.querySelectorAll(`[data-shortcut="${CSS.escape(key)}"]`)
    // What stands in a menu need not be open to be reached.
    const isReachable = (control) => control.offsetParent !== null || control.closest("[popover]")
    return [...all].find((control) => !control.disabled && isReachable(control))
  }

  get #on() {
    return localStorage.getItem(SWITCH) !== "off"
  }
}
