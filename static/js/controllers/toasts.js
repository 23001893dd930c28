// Shows short news below the bars at the top; the text is only ever set as text.
import { Controller } from "stimulus"

const MOST = 4

export default class extends Controller {
  static targets = ["list", "template"]

  connect() {
    window.addEventListener("toast", this.show)
  }

  disconnect() {
    window.removeEventListener("toast", this.show)
  }

  show = ({ detail }) => {
    const { text, value, tone, seconds, link, instead } = detail
    const template = this.templateTargets.find(({ dataset }) => dataset.tone === tone)
    const toast = (template ?? this.templateTarget).content.firstElementChild.cloneNode(true)
    const words = text ?? value ?? ""
    this.#drop(words, instead)
    toast.querySelector(".toast-text").append(words, ...this.#link(link))
    toast.dataset.words = words
    if (seconds && tone !== "danger") toast.dataset.toastSecondsValue = seconds
    this.listTarget.append(toast)
    while (this.listTarget.childElementCount > MOST) this.listTarget.firstElementChild.remove()
  }

  #drop(...said) {
    for (const toast of [...this.listTarget.children]) {
      if (said.includes(toast.dataset.words)) toast.remove()
    }
  }

  #link(link) {
    if (!link) return []
    const anchor = document.createElement("a")
    anchor.className = "link"
    anchor.textContent = link.label
    anchor.href = link.href
    if (link.apart) anchor.target = "_blank"
    return [" ", anchor]
  }
}
