// Words that the team says often, put into the text where the cursor is: from the menu, which "/" in
// an empty text opens where there is something in it, and `narrowing` narrows. Which one it was goes
// with the reply, once, until its writer clears the text.
import { Controller } from "stimulus"
import { toast } from "lib/toast"

export default class extends Controller {
  static targets = ["text", "menu", "used"]
  static values = { address: String }

  // Actions

  open(event) {
    if (event.key !== "/" || this.textTarget.value || !this.#canChoose) return
    event.preventDefault()
    this.menuTarget.showPopover()
    this.dispatch("opened", { target: this.menuTarget })
  }

  // What was typed in the menu and chose nothing.
  write({ detail: { words } }) {
    this.#write(words)
  }

  async say({ params: { id } }) {
    const saved = await this.#find(id)
    if (!saved) return
    this.textTarget.focus()
    this.usedTarget.value = id
    this.#write(saved.text)
  }

  forget() {
    if (!this.textTarget.value) this.usedTarget.value = ""
  }

  // It goes with what is sent now; one that is chosen meanwhile goes with the next.
  take() {
    this.taken = this.usedTarget.value
    this.usedTarget.value = ""
  }

  settle({ detail: { successful } }) {
    if (!successful && this.textTarget.value) this.usedTarget.value ||= this.taken
  }

  // Private

  #write(words) {
    const text = this.textTarget
    text.setRangeText(words, text.selectionStart, text.selectionEnd, "end")
    text.dispatchEvent(new Event("input", { bubbles: true }))
  }

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

  get #canChoose() {
    return this.hasMenuTarget && this.menuTarget.querySelector("[data-saved-replies-id-param]") !== null
  }
}
