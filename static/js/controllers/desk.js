// The desk: choosing views and conversations without reloads, and keeping both fresh. News carry
// ids only; what changed is fetched again through the ordinary addresses and merged.
import { Controller } from "stimulus"
import { conversationsWithDrafts } from "lib/drafts"
import { reportFailure } from "lib/failures"
import { fetchFragments, mergeFragment, Refused, replaceFragment } from "lib/fragments"
import { Live } from "lib/live"
import { paced } from "lib/pace"
import { Poll } from "lib/poll"

const LIST_PACE = 800
const CONVERSATION_PACE = 250
const LONG_HIDDEN = 30_000
// News may be lost on their way (Redis away for a moment): live or not, the page asks this often.
const CATCH_UP_EVERY = 60_000

export default class extends Controller {
  static targets = ["row", "news"]
  static values = { live: String, worker: String, changes: String, since: Number, user: Number }

  // Lifecycle

  connect() {
    this.refreshList = paced(() => this.#refreshList(), LIST_PACE)
    this.refreshConversation = paced(() => this.#refreshConversation(), CONVERSATION_PACE)
    this.poll = new Poll(() => this.catchUp())
    this.live = new Live({
      stream: this.liveValue,
      worker: this.workerValue,
      user: this.userValue,
      heard: this.hear,
    })
    this.live.start()
    this.asking = setInterval(() => this.catchUp(), CATCH_UP_EVERY)
    window.addEventListener("popstate", this.goBack)
    window.addEventListener("failure", this.doubt)
    document.addEventListener("visibilitychange", this.seen)
    this.element.addEventListener("htmx:afterRequest", this.answered)
    this.element.addEventListener("focusin", this.hold)
    this.#markRows()
    this.#showRow()
    this.#count()
  }

  disconnect() {
    this.live.stop()
    this.poll.stop()
    clearInterval(this.asking)
    window.removeEventListener("popstate", this.goBack)
    window.removeEventListener("failure", this.doubt)
    document.removeEventListener("visibilitychange", this.seen)
    this.element.removeEventListener("htmx:afterRequest", this.answered)
    this.element.removeEventListener("focusin", this.hold)
  }

  // Actions: views and list

  async chooseView(event) {
    if (!isPlainClick(event)) return
    event.preventDefault()
    await this.#visit(new URL(event.currentTarget.href).search)
  }

  search({ detail: { place } }) {
    this.#visit(place)
  }

  next() {
    this.#move(1)
  }

  previous() {
    this.#move(-1)
  }

  focusSearch() {
    this.#pane = "list"
    document.getElementById("search-words").select()
  }

  focusList() {
    this.#pane = "list"
    this.#current?.focus()
  }

  markDrafts() {
    this.#markRows()
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

  answerPost({ currentTarget: { dataset } }) {
    const post = { id: dataset.deskPostParam, words: dataset.deskWordsParam }
    this.dispatch("answer", { target: window, detail: post })
  }

  toNewest() {
    const timeline = document.getElementById("timeline")
    timeline.scrollTop = timeline.scrollHeight
  }

  // Actions: panes, for narrow windows

  showViews() {
    this.#pane = this.#pane === "views" ? "list" : "views"
  }

  showPanel() {
    this.#pane = this.#pane === "panel" ? "thread" : "panel"
  }

  hidePanel() {
    this.#pane = "thread"
    document.getElementById("show-panel")?.focus()
  }

  closeDrawer({ target }) {
    if (target === this.element) this.back()
  }

  backToList() {
    this.#pane = "list"
    this.#current?.focus()
  }

  back() {
    if (this.#pane === "panel") this.hidePanel()
    else if (this.#pane === "views") this.#pane = "list"
    else if (this.#list.contains(document.activeElement)) this.#leaveSearch()
    else this.backToList()
  }

  // Callbacks

  hear = ({ state, news }) => {
    if (news) this.#heed(news)
    // "live" again and again is a stream that was opened anew, or that this page came back to.
    if (!state || state === "connecting" || (state === "down" && state === this.state)) return
    this.state = state
    this.#say(state === "live" ? "live" : "polling")
    // What came between the page and the stream, or while the line was down.
    if (state === "live") this.poll.stop()
    else this.poll.start()
    this.catchUp()
  }

  // A request of our own changed something: the list shows it even when no news arrive.
  answered = ({ detail }) => {
    if (detail.requestConfig?.verb === "get") return
    this.refreshList()
    this.#keepFocus()
  }

  hold = ({ target }) => {
    this.held = target
  }

  goBack = () => {
    const { pathname, search, href } = window.location
    if (search !== this.#place) this.#goTo(search)
    if (pathname.startsWith("/conversations/")) this.#open(href)
    else this.#pane = "list"
  }

  // Signing in again in another tab makes this page's forms stale: a fresh fragment mends them.
  doubt = ({ detail: { status } }) => {
    if (status === 401) this.signedOut = true
    if (status === 403) this.refreshConversation()
  }

  seen = () => {
    if (document.hidden) {
      this.hiddenSince = Date.now()
    } else if (this.signedOut) {
      this.signedOut = false
      this.refreshList()
      this.refreshConversation()
    } else if (Date.now() - (this.hiddenSince ?? Date.now()) > LONG_HIDDEN) {
      this.catchUp()
    }
  }

  async catchUp() {
    try {
      const response = await fetch(`${this.changesValue}?since=${this.sinceValue}`, {
        headers: { "HX-Request": "true" },
      })
      if (!response.ok) throw new Refused(response.status)
      const { at, all, conversations } = await response.json()
      // Only here: single news may be heard while others are lost.
      this.sinceValue = at
      this.#say(this.state === "live" ? "live" : "polling")
      this.#heedChanges(conversations, all || this.behind)
    } catch (error) {
      if (error.status === 401) return reportFailure(401)
      this.#say("offline")
    }
  }

  // Private: news

  #heed({ kind, id, version }) {
    if (kind === "missed") return this.catchUp()
    if (kind === "access" || this.#isNews(id, version)) this.refreshList()
    if (kind === "access" || (id === this.#number && version > this.#version)) {
      this.refreshConversation()
    }
  }

  // `all`: more changed than could be told, or an earlier refresh failed.
  #heedChanges(conversations, all) {
    this.behind = false
    const open = conversations.find(({ id }) => id === this.#number)
    if (all || conversations.some(({ id, version }) => this.#isNews(id, version))) {
      this.refreshList()
    }
    if (all || open?.version > this.#version) this.refreshConversation()
  }

  #isNews(id, version) {
    const row = document.getElementById(`row-${id}`)
    return !row || Number(row.dataset.version) < version
  }

  async #refreshList() {
    const place = this.#place
    const shown = document.querySelectorAll("#rows > .row").length
    await this.#quietly(() => this.#goTo("?"), async () => {
      const fragments = await fetchFragments(`${this.#list.dataset.url}${place}&rows=${shown}`)
      if (place !== this.#place) return
      for (const fresh of fragments) mergeFragment(fresh)
      this.#listChanged()
    })
  }

  async #refreshConversation() {
    const { number, shown, url } = this.#conversation.dataset
    if (!number) return
    await this.#quietly(() => this.#gone(), async () => {
      const [fresh] = await fetchFragments(`${url}&shown=${shown}`)
      if (Number(number) !== this.#number || Number(fresh.dataset.version) < this.#version) return
      const before = Number(this.#conversation.dataset.newest)
      mergeFragment(fresh)
      this.#announce(before)
    })
  }

  #announce(before) {
    const newest = [...document.querySelectorAll("#timeline [data-message-id]")].filter(
      (message) => Number(message.dataset.messageId) > before && !message.matches(".message-ours"),
    )
    if (!newest.length) return
    const kind = newest.at(-1).matches(".message-public") ? "public post" : "private message"
    const words = newest.at(-1).querySelector(".message-body").textContent.trim()
    this.newsTarget.textContent = `New ${kind} from ${this.#conversation.dataset.who}: ${words}`
  }

  // A refresh that fails is not worth a toast each time: the state in the top bar says it.
  async #quietly(gone, work) {
    try {
      await work()
    } catch (error) {
      if (error.status === 401) reportFailure(401)
      else if (error.status === 404) gone()
      else {
        this.behind = true
        this.#say("offline")
      }
      if (this.state !== "live") return
      setTimeout(() => this.catchUp(), 3000)
    }
  }

  // The conversation that is open is not ours to see any more.
  #gone() {
    reportFailure(404)
    this.#close()
    this.refreshList()
  }

  // Private: going places

  async #visit(place) {
    this.#pane = "list"
    await this.#goTo(place)
    history.pushState({}, "", this.#address(this.#place))
  }

  async #goTo(place) {
    try {
      const fragments = await fetchFragments(this.#list.dataset.url + place)
      for (const fresh of fragments) replaceFragment(fresh)
      this.#listChanged()
    } catch (error) {
      reportFailure(error.status ?? 0)
    }
  }

  // True when it is on the page. A click on another one meanwhile wins.
  async #open(href) {
    this.opening?.abort()
    const opening = (this.opening = new AbortController())
    const number = Number(new URL(href).pathname.split("/")[2])
    this.#markOpen(number)
    this.#pane = "thread"
    try {
      const [fresh] = await fetchFragments(href, { signal: opening.signal })
      replaceFragment(fresh)
      this.#followFocus()
      document.title = `#${number} ${fresh.dataset.who} · Handled`
      this.#count()
      return true
    } catch (error) {
      if (error.name === "AbortError") return false
      this.#markOpen(this.#number)
      if (!this.#number) this.#pane = "list"
      reportFailure(error.status ?? 0)
      return false
    }
  }

  #close() {
    const empty = document.getElementById("no-conversation").content.firstElementChild
    this.#conversation.replaceWith(empty.cloneNode(true))
    this.#markOpen(null)
    this.#pane = "list"
    history.replaceState({}, "", this.#address(this.#place))
  }

  #address(place) {
    return this.#number ? `/conversations/${this.#number}/${place}` : this.#list.dataset.page + place
  }

  #leaveSearch() {
    document.getElementById("leave-search")?.click()
  }

  // Private: focus

  // The control that was used may be gone, as Claim is once claimed: then the thread has it.
  #keepFocus() {
    if (document.activeElement !== document.body || !this.held) return
    const same = this.held.id && document.getElementById(this.held.id)
    const next = same && !same.disabled ? same : document.getElementById("timeline")
    next?.focus({ preventScroll: true })
  }

  // On a phone the list gives way to the thread, and so does the focus.
  #followFocus() {
    if (this.#current?.offsetParent === null) document.getElementById("back-to-list")?.focus()
  }

  // Private: rows

  #listChanged() {
    this.#markOpen(this.#number)
    this.#markRows()
    this.#count()
  }

  // How many wait for an answer, where it can be seen from another tab.
  #count() {
    const waiting = Number(document.getElementById("views").dataset.count)
    const title = document.title.replace(/^\(\d+\) /, "")
    document.title = waiting ? `(${waiting}) ${title}` : title
  }

  #markOpen(number) {
    for (const row of this.rowTargets) {
      const open = row.id === `row-link-${number}`
      if (open) row.setAttribute("aria-current", "true")
      else row.removeAttribute("aria-current")
      if (open) this.lastIndex = this.rowTargets.indexOf(row)
    }
    this.#rove(this.#current)
  }

  #markRows() {
    const drafts = conversationsWithDrafts(this.userValue)
    for (const row of document.querySelectorAll("#rows > .row")) {
      row.toggleAttribute("data-draft", drafts.has(row.dataset.number))
    }
  }

  // One row is in the tab order; J and K move it.
  #rove(current) {
    for (const row of this.rowTargets) row.tabIndex = row === current ? 0 : -1
  }

  #move(step) {
    const rows = this.rowTargets
    if (!rows.length) return
    const from = rows.indexOf(this.#current)
    const held = rows.includes(document.activeElement) || rows.some((row) => row.ariaCurrent)
    // The row that was current may have left the list, as a resolved one does: go on from its place.
    const next = held ? from + step : (this.lastIndex ?? 0)
    this.lastIndex = Math.min(Math.max(next, 0), rows.length - 1)
    const row = rows[this.lastIndex]
    this.#rove(row)
    row.focus()
    row.scrollIntoView({ block: "nearest" })
  }

  #showRow() {
    this.#rove(this.#current)
    this.#current?.scrollIntoView({ block: "nearest" })
  }

  get #current() {
    const rows = this.rowTargets
    return (
      rows.find((row) => row === document.activeElement) ??
      rows.find((row) => row.ariaCurrent === "true") ??
      rows.find((row) => row.tabIndex === 0) ??
      rows[0]
    )
  }

  // Private: the page

  #say(state) {
    window.dispatchEvent(new CustomEvent("live:state", { detail: { state } }))
  }

  get #list() {
    return document.getElementById("list")
  }

  get #place() {
    return this.#list.dataset.place
  }

  get #conversation() {
    return document.getElementById("conversation")
  }

  get #number() {
    return Number(this.#conversation.dataset.number) || null
  }

  get #version() {
    return Number(this.#conversation.dataset.version) || 0
  }

  get #pane() {
    return this.element.dataset.pane
  }

  set #pane(name) {
    this.element.dataset.pane = name
  }
}

// Anything else is the reader's wish for another tab or window.
function isPlainClick({ button, metaKey, ctrlKey, shiftKey, altKey }) {
  return !(button || metaKey || ctrlKey || shiftKey || altKey)
}
