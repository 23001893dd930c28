// Where the words of a reply go that was taken back: into the form of the conversation and the path
// that it was written for. Where the page has no such form (another conversation was opened before
// the answer came, or nothing can be written there any more), they are the draft of that path in
// this browser until it has one, and `draft-sync` tells the server of it then.
import { Controller } from "stimulus"
import { openNumber, place } from "lib/desk"
import { draftKey, storeDraft, storedDraft, withWordsBack } from "lib/drafts"
import { toast } from "lib/toast"

export default class extends Controller {
  static values = { user: Number }

  // The answer that tells it is merged first: it says whether there is a form.
  receive({ detail }) {
    setTimeout(() => this.#giveBack(detail))
  }

  // Private

  #giveBack(detail) {
    const key = draftKey(this.userValue, detail.conversation, detail.path)
    const form = document.querySelector(`[data-draft-key-value="${key}"]`)
    if (form) this.dispatch("here", { target: form, detail })
    else this.#keep(key, detail)
  }

  #keep(key, detail) {
    const draft = withWordsBack(storedDraft(key), detail)
    const isKept = storeDraft(key, { ...draft, unsaved: true })
    this.dispatch("kept")
    if (detail.conversation === openNumber()) this.#tellHere(isKept, detail)
    else this.#tellThere(isKept, detail)
  }

  #tellHere(isKept, { text, inThread }) {
    const where = inThread ? "The words stay in the thread, marked “Cancelled”" : `Your words: “${text}”`
    const also = isKept ? ". They wait as a draft until something can." : "."
    toast(`Nothing can be written there now. ${where}${also}`, { tone: "warning", seconds: 30 })
  }

  #tellThere(isKept, { conversation, text, inThread }) {
    const link = { label: `#${conversation}`, href: `/conversations/${conversation}/${place()}` }
    const words = isKept || inThread ? "The words" : `“${text}”`
    const where = isKept ? "wait as a draft in" : inThread ? "stand, marked “Cancelled”, in" : "are for"
    toast(`${words} ${where}`, { tone: isKept ? "info" : "warning", seconds: 30, link })
  }
}
