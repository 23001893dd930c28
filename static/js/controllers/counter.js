// How much of X's limit is used up, in words that don't rely on colour.
import { Controller } from "stimulus"
import { replyWeight } from "lib/weight"

const NEAR = 20
const REFUSED = /[\ufeff\ufffe\uffff]/g // by X, and left out when the reply is sent

export default class extends Controller {
  static targets = ["text", "count"]
  // `tail` is what is put below the words when they are sent.
  static values = { kind: String, limit: Number, tail: String }

  connect() {
    this.count()
  }

  tailValueChanged() {
    this.count()
  }

  count() {
    const used = this.#used()
    const left = this.limitValue - used
    // A public text that is too long for one post is offered as several.
    const isTooMuch = left < 0 && this.kindValue !== "public"
    this.countTarget.dataset.level = isTooMuch ? "over" : left <= NEAR ? "near" : "fine"
    this.countTarget.textContent = this.#words(used, left)
    this.dispatch("counted", { detail: { isOver: left < 0 } })
  }

  #used() {
    const words = this.textTarget.value.replace(REFUSED, "").trim()
    const text = this.tailValue ? `${words}\n${this.tailValue}` : words
    return this.kindValue === "public" ? replyWeight(text) : [...text].length
  }

  #words(used, left) {
    if (left < 0) return `${(-left).toLocaleString("en")} ${this.kindValue === "public" ? "over one post" : "too many"}`
    if (left <= NEAR) return `${left} left`
    if (this.kindValue !== "public" && used < this.limitValue / 2) return ""
    return `${used.toLocaleString("en")} / ${this.limitValue.toLocaleString("en")}`
  }
}
