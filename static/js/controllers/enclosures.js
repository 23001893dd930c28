// Files for a reply: chosen, dropped or pasted, and brought to our server one after the other, so that
// they stay in their order. What has arrived, the server shows; what is on its way is shown here.
import { Controller } from "stimulus"
import { reportFailure } from "lib/failures"
import { mergePart } from "lib/fragments"
import { headers } from "lib/headers"
import { sendFile } from "lib/upload"

// Of a file that was removed, or went with the reply, which has said what is to be seen.
const GONE = 404
// Of a file beside which there are too many: it may have room once another is removed.
const TOO_MANY = 409
const KB = 1024
const BROKEN = "It could not be brought here. Remove it, then attach it again."

export default class extends Controller {
  static targets = ["picker", "incoming", "form", "held", "enclosed"]
  // `largest` is the size that no file may have more than, `limits` the sentence that says so.
  static values = { address: String, list: String, largest: Number, limits: String }

  // Lifecycle

  initialize() {
    this.last = Promise.resolve()
    this.depth = 0
  }

  connect() {
    this.element.addEventListener("htmx:confirm", this.hold)
  }

  disconnect() {
    this.element.removeEventListener("htmx:confirm", this.hold)
  }

  // Not where the whole reply leaves the page.
  enclosedTargetDisconnected() {
    if (this.element.isConnected) this.#takeUp()
  }

  // Actions

  pick() {
    this.pickerTarget.click()
  }

  picked() {
    this.#bring([...this.pickerTarget.files])
    this.pickerTarget.value = ""
  }

  // Copied words may come with a picture of themselves: the words are meant.
  pasted(event) {
    const { files, types } = event.clipboardData
    if (!files.length || types.includes("text/plain")) return
    event.preventDefault()
    this.#bring([...files])
  }

  dragged(event) {
    if (!event.dataTransfer.types.includes("Files")) return
    event.preventDefault()
    if (event.type === "dragenter") this.depth += 1
    this.element.toggleAttribute("data-dropping", true)
  }

  draggedAway() {
    this.depth = Math.max(0, this.depth - 1)
    if (!this.depth) this.#rest()
  }

  dropped(event) {
    this.#rest()
    if (!event.dataTransfer.files.length) return
    event.preventDefault()
    this.#bring([...event.dataTransfer.files])
  }

  // Also cancels what is under way. What has arrived in full is taken back once the server says where
  // it is.
  drop({ currentTarget }) {
    const item = currentTarget.closest("li")
    item.isUnwanted = true
    if (!item.hasArrived) item.sending?.abort()
    this.#forget(item)
    this.element.querySelector("textarea").focus()
  }

  // Kept at once, so that it is there after a reload; the reply itself says it once more.
  async describe({ currentTarget }) {
    const body = new URLSearchParams({ alt_text: currentTarget.value })
    const request = { method: "POST", body, headers: headers() }
    const response = await fetch(currentTarget.dataset.address, request).catch(() => null)
    if (!response?.ok && response?.status !== GONE) reportFailure(response?.status ?? 0, await sentenceOf(response))
  }

  // Callbacks

  // Before anybody takes the reply for under way. Said beside the button that was pressed, and the
  // files that it is about are shown.
  hold = (event) => {
    const [first, ...others] = this.incomingTarget.children
    if (event.detail.elt !== this.element || !first) return
    event.preventDefault()
    for (const item of [first, ...others]) item.classList.add("enclosure-holds")
    first.scrollIntoView({ block: "nearest" })
    this.heldTarget.textContent = ""
    this.heldTarget.append(whyHeld([first, ...others]))
  }

  // Private

  // The first may go without words: their author begins with it.
  #bring(files) {
    if (!this.element.querySelector(".enclosure")) this.dispatch("begun")
    for (const file of files) {
      this.#queue(file, this.#show(file))
    }
  }

  // One that fails here holds up no other.
  #queue(file, item) {
    this.last = this.last.then(() => this.#send(file, item)).catch((error) => this.#fail(item, error))
  }

  // Whether there is room now, the server knows.
  #takeUp() {
    for (const item of this.incomingTarget.children) {
      const file = item.waitsForRoom
      if (!file) continue
      resume(item)
      this.heldTarget.textContent = ""
      this.#queue(file, item)
    }
  }

  #show(file) {
    const item = this.formTarget.content.firstElementChild.cloneNode(true)
    part(item, "name").textContent = file.name
    part(item, "size").textContent = isPicture(file) ? "" : inWords(file.size)
    part(item, "progress").setAttribute("aria-label", `Uploading ${file.name}`)
    part(item, "remove").setAttribute("aria-label", `Remove ${file.name}`)
    this.incomingTarget.append(item)
    this.incomingTarget.hidden = false
    return item
  }

  async #send(file, item) {
    if (item.isUnwanted) return
    if (file.size > this.largestValue) return refuse(item, `“${file.name}” ${this.limitsValue}`)
    item.sending = new AbortController()
    const progress = (percent) => tell(item, percent)
    const { status, text, place } = await sendFile(this.addressValue, file, { progress, signal: item.sending.signal })
    if (item.isUnwanted) return place && fetch(place, { method: "DELETE", headers: headers() }).catch(() => null)
    if (status === TOO_MANY) item.waitsForRoom = file
    if (status !== 201) return refuse(item, text)
    // Another conversation is open by now: it is there when they come back.
    if (!item.isConnected) return
    mergePart(text, this.listValue)
    this.#forget(item)
  }

  #fail(item, error) {
    refuse(item, BROKEN)
    reportError(error)
  }

  // What was said of those that held the reply up is said of the rest no longer.
  #forget(item) {
    item.remove()
    this.incomingTarget.hidden = !this.incomingTarget.children.length
    this.heldTarget.textContent = ""
  }

  #rest() {
    this.depth = 0
    this.element.toggleAttribute("data-dropping", false)
  }
}

function part(item, name) {
  return item.querySelector(`[data-part="${name}"]`)
}

function sentenceOf(response) {
  return response?.headers.get("Content-Type")?.startsWith("text/plain") ? response.text() : ""
}

function tell(item, percent) {
  part(item, "progress").value = percent
  part(item, "percent").textContent = percent < 100 ? `${percent} %` : "Checking"
  item.hasArrived = percent === 100
}

function refuse(item, words) {
  item.classList.add("enclosure-is-refused")
  part(item, "progress").closest("p").hidden = true
  part(item, "refused").textContent = words
}

function resume(item) {
  item.waitsForRoom = null
  item.classList.remove("enclosure-is-refused", "enclosure-holds")
  part(item, "progress").closest("p").hidden = false
  part(item, "refused").textContent = ""
  tell(item, 0)
}

function whyHeld(items) {
  const refused = items.filter((item) => item.matches(".enclosure-is-refused"))
  const [first] = refused.length ? refused : items
  const name = `“${part(first, "name").textContent}”`
  return refused.length
    ? `Not sent: ${name} can’t go along. Remove it, then send.`
    : `Not sent yet: ${name} is still on its way here. Send once it is, or remove it.`
}

// It is drawn anew: how large it goes to X is said once that is done.
function isPicture({ type }) {
  return type.startsWith("image/")
}

function inWords(size) {
  if (size < KB * KB) return `${Math.max(1, Math.round(size / KB))} KB`
  return `${(size / KB / KB).toFixed(1).replace(/\.0$/, "")} MB`
}
