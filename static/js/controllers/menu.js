// Places a popover by its button, keeps it on the screen, and moves through it with the arrow keys.
import { Controller } from "stimulus"

const GAP = 4

export default class extends Controller {
  static targets = ["button", "panel"]

  panelTargetConnected(panel) {
    panel.addEventListener("toggle", this.toggled)
    panel.addEventListener("keydown", this.move)
    panel.addEventListener("click", this.chosen)
  }

  panelTargetDisconnected(panel) {
    panel.removeEventListener("toggle", this.toggled)
    panel.removeEventListener("keydown", this.move)
    panel.removeEventListener("click", this.chosen)
  }

  toggled = ({ newState }) => {
    this.buttonTarget.setAttribute("aria-expanded", newState === "open")
    if (newState !== "open") return
    this.place()
    if (!this.panelTarget.contains(document.activeElement)) this.#items()[0]?.focus()
  }

  move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step || event.target.matches("input:not([type=radio])")) return
    if (event.target.matches("input[type=radio]")) return
    event.preventDefault()
    event.stopPropagation()
    const items = this.#items()
    const next = items.indexOf(document.activeElement) + step
    items[(next + items.length) % items.length]?.focus()
  }

  chosen = (event) => {
    if (event.target.closest("button.menu-item")) this.panelTarget.hidePopover()
  }

  // Anew where it has become smaller or larger. Set through the style object, which the content
  // security policy allows.
  place() {
    const button = this.buttonTarget.getBoundingClientRect()
    const { offsetWidth: width, offsetHeight: height } = this.panelTarget
    const atEnd = this.panelTarget.classList.contains("menu-end")
    const wished = atEnd ? button.right - width : button.left
    const below = button.bottom + GAP
    const fitsBelow = below + height <= window.innerHeight - GAP
    const top = fitsBelow ? below : Math.max(GAP, button.top - GAP - height)
    const left = Math.min(Math.max(GAP, wished), window.innerWidth - width - GAP)
    this.panelTarget.style.top = `${top}px`
    this.panelTarget.style.left = `${left}px`
  }

  #items() {
    const all = this.panelTarget.querySelectorAll(".menu-item, input")
    return [...all].filter((item) => !item.disabled && item.offsetParent !== null)
  }
}
