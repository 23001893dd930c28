// A public answer that is too long for one post: has the server show the posts that it would be,
// and says on the button how many are published. What was not shown is not accepted.
import { Controller } from "stimulus"

export default class extends Controller {
  static targets = ["preview", "posts", "button", "refusal"]

  // Lifecycle

  // The button may be drawn anew by news, without what was said on it.
  buttonTargetConnected() {
    this.#label()
  }

  postsTargetConnected() {
    this.#label()
  }

  postsTargetDisconnected() {
    this.#label()
  }

  // Actions

  // Every change makes what is shown a preview of before, and of before is what was refused.
  look({ detail: { isOver } }) {
    for (const old of [...this.postsTargets, ...this.refusalTargets]) old.remove()
    if (isOver) this.dispatch("look", { target: this.previewTarget, bubbles: false })
    else this.previewTarget.replaceChildren()
  }

  // Private

  #label() {
    if (!this.hasButtonTarget) return
    const { one, many } = this.buttonTarget.dataset
    const number = this.hasPostsTarget ? this.postsTarget.value : ""
    this.buttonTarget.textContent = number ? many.replace("#", number) : one
  }
}
