// The desk: choosing views and conversations without reloads.
import { Controller } from "stimulus"
import { conversation, list, openNumber, place, showPane } from "lib/desk"
import { reportFailure } from "lib/failures"
import { fetchFragments, replaceFragment } from "lib/fragments"

export default class extends Controller {
  // Lifecycle

  connect() {
    this.count()
  }

  // Actions: views and list

  async chooseView(event) {
    if (!isPlainClick(event)) return
    event.preventDefault()
    await this.#visit(new URL(event.currentTarget.href).search)
  }

  search({ detail }) {
    this.#visit(detail.place)
  }

  focusSearch() {
    showPane("list")
    document.getElementById("search-words").select()
  }

  // The view that was shown is not ours to see any more.
  startOver() {
    this.#goTo("?")
  }

  // How many wait for an answer, where it can be seen from another tab.
  count() {
    const waiting = Number(document.getElementById("views").dataset.count)
    const title = document.title.replace(/^\(\d+\) /, "")
    document.title = waiting ? `(${waiting}) ${title}` : title
  }

  // Actions: the conversation

  async open(event) {
    if (!isPlainClick(event)) return
    event.preventDefault()
    const { href } = event.currentTarget
    if (!(await this.#open(href))) return
    history.pushState({}, "", href)
    this.dispatch("opened", { target: window })
  }

  // The conversation that was open is not ours to see any more.
  lose() {
    reportFailure(404)
    const empty = document.getElementById("no-conversation").content.firstElementChild
    conversation().replaceWith(empty.cloneNode(true))
    this.#say(null)
    showPane("list")
    history.replaceState({}, "", this.#address())
  }

  answerPost({ currentTarget: { dataset } }) {
    const post = { id: dataset.deskPostParam, words: dataset.deskWordsParam }
    this.dispatch("answer", { target: window, detail: post })
  }

  toNewest() {
    const timeline = document.getElementById("timeline")
    timeline.scrollTop = timeline.scrollHeight
  }

  goBack() {
    const { pathname, search, href } = window.location
    if (search !== place()) this.#goTo(search)
    if (pathname.startsWith("/conversations/")) this.#open(href)
    else showPane("list")
  }

  // Private

  async #visit(query) {
    showPane("list")
    await this.#goTo(query)
    history.pushState({}, "", this.#address())
  }

  async #goTo(query) {
    try {
      const fragments = await fetchFragments(list().dataset.url + query)
      for (const fresh of fragments) replaceFragment(fresh)
      this.dispatch("listed")
    } catch (error) {
      reportFailure(error.status ?? 0)
    }
  }

  // True when it is on the page. A click on another one meanwhile wins.
  async #open(href) {
    this.opening?.abort()
    const opening = (this.opening = new AbortController())
    const number = Number(new URL(href).pathname.split("/")[2])
    this.#say(number)
    showPane("thread")
    try {
      const [fresh] = await fetchFragments(href, { signal: opening.signal })
      replaceFragment(fresh)
      this.#followFocus()
      document.title = `#${number} ${fresh.dataset.who} · Handled`
      this.count()
      return true
    } catch (error) {
      if (error.name !== "AbortError") this.#stay(error)
      return false
    }
  }

  #stay(error) {
    this.#say(openNumber())
    if (!openNumber()) showPane("list")
    reportFailure(error.status ?? 0)
  }

  // Which conversation is open now.
  #say(number) {
    this.dispatch("opening", { detail: { number } })
  }

  #address() {
    const number = openNumber()
    return number ? `/conversations/${number}/${place()}` : list().dataset.page + place()
  }

  // On a phone the list gives way to the thread, and so does the focus.
  #followFocus() {
    if (!list().checkVisibility()) document.getElementById("back-to-list")?.focus()
  }
}

// Anything else is the reader's wish for another tab or window.
function isPlainClick({ button, metaKey, ctrlKey, shiftKey, altKey }) {
  return !(button || metaKey || ctrlKey || shiftKey || altKey)
}
