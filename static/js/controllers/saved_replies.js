// Words that the team says often, put into the text where the cursor is: from the menu, which "/" in
// an empty text opens. Which one it was goes with the reply, until its writer clears the text.
import { Controller } from "stimulus"
import { toast } from "lib/toast"

export default class extends Controller {
  static targets = ["text", "menu", "used"]
  static values = { address: String }

  // Actions

  open(event) {
    if (event.key !== "/" || this.textTarget.value || !this.hasMenuTarget) return
    event.preventDefault()
    this.menuTarget.showPopover()
  }

  async say({ params: { id } }) {
    const saved = await this.#find(id)
    if (!saved) return
    const text = this.textTarget
    text.focus()
    text.setRangeText(saved.text, text.selectionStart, text.selectionEnd, "end")
    this.usedTarget.value = id
    text.dispatchEvent(new Event("input", { bubbles: true }))
  }

  forget() {
    if (!this.textTarget.value) this.usedTarget.value = ""
  }

  // Private

  // Asked for anew: what a manager has changed meanwhile is said as it is now.
  async #find(id) {
    try {
      const response = await fetch(this.addressValue)
      if (!response.ok) throw new Error(`answered ${response.status}`)
      const found = (await response.json()).saved_replies.find((one) => one.id === id)
      if (!found) toast("That saved reply was removed meanwhile.", { tone: "warning" })
      return found
    } catch {
      toast("The saved reply could not be fetched. Try again.", { tone: "warning" })
    }
  }
}
