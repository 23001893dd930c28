// Opens a picture of the conversation large, and turns to the ones before and after it.
import { Controller } from "stimulus"

const STEPS = { ArrowLeft: -1, ArrowRight: 1 }

export default class extends Controller {
  static targets = ["dialog", "picture", "image", "title", "words", "save", "turn", "trouble"]

  // Lifecycle

  // One that was deleted on X is not looked at any longer. A merge only moves it.
  pictureTargetDisconnected({ id }) {
    queueMicrotask(() => {
      if (id === this.shown && !document.getElementById(id)) this.dialogTarget.close()
    })
  }

  // Actions

  open({ currentTarget }) {
    this.#show(currentTarget)
    this.dialogTarget.showModal()
  }

  step(event) {
    const step = STEPS[event.key]
    if (!step) return
    event.preventDefault()
    this.#turn(step)
  }

  previous() {
    this.#turn(-1)
  }

  next() {
    this.#turn(1)
  }

  fail() {
    this.#trouble(true)
  }

  empty() {
    this.shown = null
    this.imageTarget.removeAttribute("src")
  }

  // Private

  // After the last comes the first.
  #turn(step) {
    const all = this.pictureTargets
    const place = all.findIndex(({ id }) => id === this.shown)
    this.#show(all[(place + step + all.length) % all.length])
  }

  #show(picture) {
    const all = this.pictureTargets
    const { address, title, words } = picture.dataset
    const many = all.length > 1
    this.shown = picture.id
    this.#trouble(false)
    this.imageTarget.src = this.saveTarget.href = address
    this.imageTarget.alt = picture.querySelector("img").alt
    this.titleTarget.textContent = many ? `${title} · ${all.indexOf(picture) + 1} of ${all.length}` : title
    this.wordsTarget.textContent = words
    this.turnTargets.forEach((button) => (button.hidden = !many))
  }

  #trouble(shown) {
    this.troubleTarget.hidden = !shown
    this.imageTarget.hidden = shown
  }
}
