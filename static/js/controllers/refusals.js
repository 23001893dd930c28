// A refusal that quotes what is typed stands as long as any of that is typed still.
import { Controller } from "stimulus"

export default class extends Controller {
  static targets = ["refusal"]

  // Actions

  // In the reply itself, or in what is said of its files.
  look() {
    const typed = [...this.element.querySelectorAll("textarea")].map(({ value }) => plain(value)).join("\n")
    for (const refusal of this.refusalTargets) {
      const quoted = [...refusal.querySelectorAll("mark")]
      const isPast = quoted.every(({ textContent }) => !typed.includes(plain(textContent)))
      if (quoted.length && isPast) refusal.remove()
    }
  }
}

// The same however its letters are composed and its lines end.
function plain(words) {
  return words.normalize().replace(/\s+/g, " ").trim()
}
